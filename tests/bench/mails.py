"""Mails through the running stack to an SMTP server that takes each at once.

The stack must send to this machine: `TIDINGS_SMTP_URL=smtp://127.0.0.1:1025 make up`. The
yardstick is a plain loop that sends mails of the same size by smtplib. CPU time and commands are
those of the consumer's code, run in this process.
"""

import smtplib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import pymongo
import pytest
from pydantic import BaseModel
from pymongo import monitoring

from tests.mail_sink import MailSink, mail_sink
from tests.readers import COMMAND_SECONDS, readers
from tidings.delivery.channels import email
from tidings.delivery.delivering import deliver_together
from tidings.delivery.events import DeliverNotification
from tidings.delivery.loading import load
from tidings.delivery.mime import Mail, mail_of
from tidings.delivery.models import Channel, Notification
from tidings.delivery.preparing import prepare
from tidings.delivery.states import command_for
from tidings.notifications.creating import create_notifications
from tidings.notifications.drafting import NotificationContent
from tidings.platform import secrets
from tidings.platform.errors import Unavailable
from tidings.platform.logging import logger
from tidings.platform.mail_servers import mail_servers
from tidings.platform.messaging import outbox, relay
from tidings.platform.security import signatures
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_id, now

MAILS: Final = 10_000
MAILS_HERE: Final = 1_000
READERS: Final = 500
BATCH: Final = 50
LONGEST_SECONDS: Final = 600.0

Form = TypeVar("Form", bound=BaseModel)


class Commands(monitoring.CommandListener):
    """The number of commands to MongoDB, by name."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.sent[event.command_name] += 1

    def succeeded(self, _event: monitoring.CommandSucceededEvent) -> None:
        """Do nothing."""

    def failed(self, _event: monitoring.CommandFailedEvent) -> None:
        """Do nothing."""


def main() -> None:
    """Print a Markdown table. The stack must be up."""
    mails = int(sys.argv[1]) if len(sys.argv) > 1 else MAILS
    commands = Commands()
    monitoring.register(commands)
    database.connect()
    logger.setLevel("WARNING")
    with (
        _mail_server_of_the_stack() as url,
        mail_sink(urlsplit(url).port or 25) as sink,
        readers(READERS) as reader_ids,
    ):
        _print("mails", "seconds", "a second", "CPU of a mail", "commands of a mail")
        _print(*["---"] * 5)
        _through_the_stack(sink, reader_ids, mails)
        asked = list(_asked(reader_ids, MAILS_HERE))
        _beside(sink, asked[0], url)
        _here(sink, [each for chunk in asked for each in chunk], commands)


@contextmanager
def _mail_server_of_the_stack() -> Iterator[str]:
    """Let the code in this process use the stack's mail server and key; yield the server's URL."""
    url = _stored(secrets.SMTP, secrets.Mails).url
    if url is None:
        sys.exit("start the stack with TIDINGS_SMTP_URL=smtp://127.0.0.1:1025 make up")
    with pytest.MonkeyPatch.context() as patch:
        key = _stored(secrets.DELIVERY_KEY, secrets.DeliveryKey).key
        patch.setattr(signatures, "delivery_key", lambda: key)
        patch.setattr(email, "providers_of_mails", lambda: mail_servers([url]))
        yield url


def _stored(name: str, form: type[Form]) -> Form:
    return secrets._read(name, form, max_age=secrets.KEYS_MAX_AGE_SECONDS)


def _through_the_stack(sink: MailSink, reader_ids: list[str], mails: int) -> None:
    asked = [each for chunk in _asked(reader_ids, mails) for each in chunk]
    arrived_before, different_before, _ = sink.counts()
    begun = time.monotonic()
    for start in range(0, len(asked), READERS):
        relay.publish_now(asked[start : start + READERS])
    arrived = _wait(sink, arrived_before + len(asked), begun) - arrived_before
    seconds = time.monotonic() - begun
    total, different, _ = sink.counts()
    _print(f"{arrived:,} through the stack", f"{seconds:.1f}", f"{arrived / seconds:.0f}", "", "")
    twice = (total - arrived_before) - (different - different_before)
    _print(f"of these twice: {twice}", "", "", "", "")


def _wait(sink: MailSink, wanted: int, begun: float) -> int:
    """Return the number of mails once all arrived, or after the time limit."""
    while (arrived := sink.counts()[0]) < wanted and time.monotonic() - begun < LONGEST_SECONDS:
        time.sleep(0.1)
    return arrived


def _beside(sink: MailSink, asked: Sequence[DeliverNotification], url: str) -> None:
    """The yardstick: the same number of mails, made before, by one connection of smtplib."""
    mails = _made(asked)
    parts = urlsplit(url)

    def send() -> None:
        with smtplib.SMTP(str(parts.hostname), parts.port or 25) as session:
            for place in range(MAILS_HERE):
                mail = mails[place % len(mails)]
                session.sendmail(mail.sender, [mail.recipient], mail.raw)

    _measured("yardstick: a loop of smtplib", send)


def _here(sink: MailSink, asked: list[DeliverNotification], commands: Commands) -> None:
    def send() -> None:
        for start in range(0, len(asked), BATCH):
            if failures := deliver_together(asked[start : start + BATCH]):
                raise Unavailable(f"{len(failures)} mails were not sent.")

    deliver_together(asked[:1])
    del asked[0]
    commands.sent.clear()
    _measured("the consumer's code in this process", send, commands)


def _measured(what: str, send: Callable[[], None], commands: Commands | None = None) -> None:
    begun, cpu = time.monotonic(), time.process_time()
    send()
    cpu, seconds = time.process_time() - cpu, time.monotonic() - begun
    sent = f"{commands.sent.total() / MAILS_HERE:.2f}" if commands else "0"
    each = f"{cpu / MAILS_HERE * 1000:.2f} ms"
    _print(f"{MAILS_HERE:,} {what}", f"{seconds:.1f}", f"{MAILS_HERE / seconds:.0f}", each, sent)


def _made(asked: Sequence[DeliverNotification]) -> list[Mail]:
    attempts = load(asked)
    for each in attempts:
        prepare(each, now())
    return [
        mail_of(each.message, mail_from="Tidings <no-reply@tidings.example>", at=now())
        for each in attempts
        if each.message
    ]


def _asked(reader_ids: list[str], mails: int) -> Iterator[list[DeliverNotification]]:
    """Store notifications for mails; yield their commands, which are not published."""
    for start in range(0, mails, len(reader_ids)):
        event_id = new_id()
        content = NotificationContent(
            kind="order.confirmed",
            category="orders",
            template_code="order_confirmed",
            variables={"order_id": "order-7"},
            subject_id="order-7",
            dedupe=event_id,
            event_id=event_id,
            channels=frozenset({"email"}),
        )
        wanted = reader_ids[: mails - start]
        with pymongo.timeout(COMMAND_SECONDS):
            create_notifications(wanted, content)
            outbox.take_stored()
            found = Notification.objects(event_id=event_id, user_id__in=wanted)
            found.update(set__outbox=[])
            yield [command_for(each, Channel.EMAIL) for each in found]


def _print(*cells: Any) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
