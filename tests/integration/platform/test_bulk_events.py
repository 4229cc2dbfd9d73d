"""Bulk writes lose no event and delay no other publisher."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.integration.builders import an_order
from tidings.orders.models import Order
from tidings.platform.messaging import outbox, relay
from tidings.platform.messaging.broker import Message
from tidings.platform.messaging.events import Event
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.messaging.relay import publish_stored, relay_left_behind
from tidings.tasks.events import TaskCreated, TaskCreatedData
from tidings.tasks.models import Task


class Recorder:
    """Publishes everything, and records the types in order."""

    def __init__(self) -> None:
        self.types: list[str] = []

    def publish(self, messages: Sequence[Message]) -> list[Message]:
        self.types += [message.routing_key for message in messages]
        return list(messages)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(relay, "publisher", lambda: recorder)
    monkeypatch.setattr(relay, "LEFT_BEHIND_AFTER", timedelta(seconds=-1))
    return recorder


def a_new_task(key: str | None = None) -> tuple[Task, Event]:
    task = Task(owner_id="owner", title="Ink", state="open", priority_rank=1, upload_key=key)
    data = TaskCreatedData(task_id=task.id, title="Ink", owner_id="owner", actor_id="owner")
    return task, TaskCreated(subject=task.id, data=data)


def test_each_document_is_stored_with_its_event(broker: Recorder) -> None:
    assert outbox.insert_many(Task, [a_new_task() for _ in range(3)]) == []
    assert [len(task.outbox) for task in Task.objects] == [1, 1, 1]
    publish_stored()
    assert broker.types == ["task.created"] * 3
    assert [len(task.outbox) for task in Task.objects] == [0, 0, 0]


def test_empty_list_inserts_nothing() -> None:
    assert outbox.insert_many(Task, []) == []


def test_documents_refused_by_a_unique_index_are_returned_and_not_announced(
    broker: Recorder,
) -> None:
    outbox.insert_many(Task, [a_new_task("a")])
    again, new = a_new_task("a"), a_new_task("b")
    assert outbox.insert_many(Task, [again, new]) == [again[0]]
    assert sorted(task.upload_key for task in Task.objects) == ["a", "b"]
    publish_stored()
    assert broker.types == ["task.created"] * 2


def test_invocation_publishes_a_bounded_part(
    broker: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_NOTED", 2)
    outbox.insert_many(Task, [a_new_task() for _ in range(5)])
    publish_stored()
    assert len(broker.types) == 2
    assert relay_left_behind([Task], seconds=60) == 3
    assert Task.objects(outbox__0__exists=True).count() == 0


def test_bulk_of_one_kind_does_not_delay_the_others(
    broker: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "DOCUMENTS_PER_ROUND", 2)
    outbox.insert_many(Task, [a_new_task() for _ in range(6)])
    an_order()
    take_stored()
    assert relay_left_behind([Task, Order], seconds=60) == 7
    assert broker.types.index("order.placed") == 2


def test_many_events_are_published_in_rounds(
    broker: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "DOCUMENTS_PER_ROUND", 2)
    outbox.insert_many(Task, [a_new_task() for _ in range(5)])
    publish_stored()
    assert len(broker.types) == 5
    assert Task.objects(outbox__0__exists=True).count() == 0
