"""A real SMTP server, and a process that is killed between sending and recording."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.integration.builders import a_reader, environment
from tests.integration.delivery.servers import mails_by
from tests.integration.notifications.builders import some_content, story, the_notification, where
from tests.smtp_server import HANG_UP, Sink, smtp_server
from tidings.delivery.claims import DIED, LEASE
from tidings.delivery.delivering import deliver
from tidings.delivery.errors import PermanentFailure, TemporaryFailure
from tidings.delivery.events import DeliverNotification
from tidings.delivery.models import Channel, Notification
from tidings.delivery.states import command_for
from tidings.notifications.creating import create_notifications
from tidings.platform.errors import NotYet
from tidings.platform.providers import smtp
from tidings.platform.timing.clock import now

# Sends a mail as the consumer does, and is killed by SIGKILL right after it.
SEND_AND_DIE = f"""
import os, sys
from tidings.delivery import channels
from tidings.delivery.delivering import deliver
from tidings.delivery.events import DeliverNotification
from tidings.platform.storage import database

honest = channels.deliver

def send_and_die(message):
    honest(message)
    os.kill(os.getpid(), {int(signal.SIGKILL)})

channels.deliver = send_and_die
database.connect()
deliver(DeliverNotification.model_validate_json(sys.argv[1]))
"""


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """Return a mail server for this process, and by `environment` for its child processes."""
    sink = Sink()
    with smtp_server(sink) as port:
        url = f"smtp://127.0.0.1:{port}"
        mails_by(monkeypatch, url)
        monkeypatch.setenv("TIDINGS_SMTP_URL", url)
        yield sink
    smtp.close()


def a_mail() -> tuple[Notification, DeliverNotification]:
    reader = a_reader(language="de", name="Grete")
    create_notifications([reader.user_id], some_content(channels=frozenset({"email"})))
    notification = the_notification(reader)
    return notification, command_for(notification, Channel.EMAIL)


def test_mail_reaches_a_real_server_once(sink: Sink) -> None:
    notification, command = a_mail()
    for _ in range(3):
        deliver(command)
    (mail,) = sink.mails
    assert mail["Subject"] == "Ihre Bestellung ist bestätigt"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert story(notification, "email") == ["accepted", "queued", "sending", "sent"]


def test_kill_between_sending_and_recording_sends_once_and_leaves_unknown(sink: Sink) -> None:
    notification, command = a_mail()
    killed = subprocess.run(
        [sys.executable, "-c", SEND_AND_DIE, command.model_dump_json()],
        env=environment(),
        capture_output=True,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert len(sink.mails) == 1
    assert where(notification, "email")[0] == "sending"

    with pytest.raises(NotYet):
        deliver(command)
    for _ in range(2):
        deliver(command, now() + LEASE)
    assert len(sink.mails) == 1
    assert where(notification, "email")[:2] == ("unknown", DIED)


def test_server_that_closes_after_the_mail_leaves_unknown(sink: Sink) -> None:
    notification, command = a_mail()
    sink.answers["DATA"] = HANG_UP
    with pytest.raises(Exception, match=r".*"):
        deliver(command)
    sink.answers.clear()
    deliver(command)
    assert sink.mails == []
    assert where(notification, "email")[0] == "unknown"


def test_busy_mailbox_is_tried_again(sink: Sink) -> None:
    notification, command = a_mail()
    sink.answers["RCPT"] = "451 later"
    with pytest.raises(TemporaryFailure):
        deliver(command)
    assert where(notification, "email")[:2] == ("queued", "mailbox_busy")


def test_mailbox_unknown_to_its_server_is_not_tried_again(sink: Sink) -> None:
    notification, command = a_mail()
    sink.answers["RCPT"] = "550 no such user"
    deliver(command)
    assert where(notification, "email")[:2] == ("failed", "unknown_recipient")


def test_content_that_the_server_rejects_needs_an_operator(sink: Sink) -> None:
    notification, command = a_mail()
    sink.answers["DATA"] = "554 spam"
    with pytest.raises(PermanentFailure):
        deliver(command)
    assert where(notification, "email")[:2] == ("failed", "rejected")
