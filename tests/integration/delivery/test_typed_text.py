"""Typed text, from the event to the bytes that a mail server gets."""

import re
from collections.abc import Iterator

import pytest

from tests.integration.builders import a_reader
from tests.integration.delivery.servers import mails_by
from tests.integration.notifications.builders import the_notification
from tests.smtp_server import Sink, smtp_server
from tests.unit.delivery.wire import shown, split
from tidings.delivery.delivering import deliver
from tidings.delivery.models import Channel
from tidings.delivery.states import command_for
from tidings.notifications.notifying import notify
from tidings.platform.context import correlated
from tidings.platform.providers import smtp
from tidings.platform.timing.clock import new_id
from tidings.tasks.events import TaskCreated, TaskCreatedData

FORGED = "=?utf-8?q?x=0D=0AFrom=3A_ceo=40bank=2Eexample=0D=0A=0D=0A=3Ch1=3EForged=3C=2Fh1=3E?="
# Names with a colon, an address or many digits are left out of mails (decision 82).
FORGED_NAME = "=?utf-8?q?A=0D=0ABcc?="
LONG = "Очень длинное название задачи 👩‍👩‍👧 " * 5


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    sink = Sink()
    with smtp_server(sink) as port:
        url = f"smtp://127.0.0.1:{port}"
        mails_by(monkeypatch, url)
        yield sink
    smtp.close()


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        (FORGED_NAME, FORGED),
        (LONG[:100], LONG),
        ("a\u2028b", "a\u2028b"),
        (f"{FORGED_NAME} {LONG}"[:100], f"{FORGED} {LONG}"),
    ],
)
def test_task_title_and_person_name_are_shown_as_typed(sink: Sink, name: str, typed: str) -> None:
    reader = a_reader(name=name, tasks={"email": True})
    task_id = new_id()
    data = TaskCreatedData(
        task_id=task_id, title=typed, owner_id=new_id(), actor_id=new_id(),
        assignee_id=reader.user_id,
    )  # fmt: skip
    with correlated("correlation-7"):
        notify(TaskCreated(subject=task_id, data=data))
    deliver(command_for(the_notification(reader), Channel.EMAIL))
    (envelope,) = sink.envelopes
    wire = split(envelope.original_content or b"")
    names = [name for name, _ in wire.headers]
    assert len({*names}) == len(names) == 12
    assert wire.value("From") == "Tidings <no-reply@tidings.example>"
    assert wire.value("X-Correlation-Id") == "correlation-7"
    for header, text in (("Subject", typed), ("To", name)):
        wanted = re.sub(r"\s+", " ", text).strip()
        assert wanted[:60] in re.sub(r"\s+", " ", shown(wire.value(header)))
    assert wire.body.startswith(b"--")
    assert b"<h1>Forged" not in wire.body
    assert all(len(line) <= 76 for line in wire.head_lines if b"=?" in line)
