"""A real SMTP server, and a process that is killed between sending and recording."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.integration.builders import a_reader
from tests.integration.delivery.servers import Sink, smtp_server
from tests.integration.notifications.builders import a_telling, story, the_notification, where
from tidings.notifications.claims import DIED, LEASE
from tidings.notifications.delivering import deliver
from tidings.notifications.events import DeliverNotification
from tidings.notifications.models import Channel, Notification
from tidings.notifications.telling import command_for, tell
from tidings.platform.clock import now
from tidings.platform.errors import NotYet
from tidings.platform.providers import smtp
from tidings.platform.settings import settings

# Sends a mail, as deliver_email does, and dies by the hand of the kernel right after.
SEND_AND_DIE = f"""
import os, sys
from tidings.delivery import channels
from tidings.notifications.delivering import deliver
from tidings.notifications.events import DeliverNotification
from tidings.platform import database

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
    """A mail server, to which this process sends, and its children by `environment`."""
    sink = Sink()
    with smtp_server(sink) as port:
        url = f"smtp://127.0.0.1:{port}"
        monkeypatch.setattr("tidings.delivery.channels.email.smtp_url", lambda: url)
        monkeypatch.setenv("TIDINGS_SMTP_URL", url)
        yield sink
    smtp.close()


def environment() -> dict[str, str]:
    """Return what lets another process use the tests' own corner of the services."""
    here = settings().model_dump(exclude_none=True, exclude={"function_name", "smtp_url"})
    ours = {f"TIDINGS_{name.upper()}": str(value) for name, value in here.items()}
    return os.environ | ours | {"PYTHONPATH": os.pathsep.join(sys.path)}


def a_mail() -> tuple[Notification, DeliverNotification]:
    reader = a_reader(language="de", name="Grete")
    tell([reader.user_id], a_telling(channels=frozenset({"email"})))
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


def test_kill_9_between_sending_and_recording_sends_once_and_says_unknown(sink: Sink) -> None:
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


def test_server_that_hangs_up_after_the_mail_leaves_an_unknown(sink: Sink) -> None:
    notification, command = a_mail()
    sink.answers["DATA"] = "hang up"
    with pytest.raises(Exception, match=r".*"):
        deliver(command)
    sink.answers.clear()
    deliver(command)
    assert sink.mails == []
    assert where(notification, "email")[0] == "unknown"


@pytest.mark.parametrize("answer", ["451 later", "550 no such user"])
def test_what_the_server_says_ends_in_the_story(sink: Sink, answer: str) -> None:
    notification, command = a_mail()
    sink.answers["RCPT"] = answer
    with pytest.raises(Exception, match=r".*"):
        deliver(command)
    expected = "queued" if answer.startswith("4") else "failed"
    assert where(notification, "email")[0] == expected
