"""The log has the outcome of each event of a batch, by the event's correlation id."""

import io
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.contract.project import ROOT, consumers
from tests.integration.builders import CONTEXT, Queues, a_product, a_reader, an_order
from tests.integration.notifications.builders import Provider
from tidings.orders.events import (
    OrderConfirmed,
    OrderStatusChanged,
    OrderStatusDue,
    OrderStatusDueData,
)
from tidings.platform.context import correlated
from tidings.platform.logging import logger
from tidings.platform.messaging.events import Event
from tidings.platform.messaging.relay import publish_now, publish_stored
from tidings.platform.timing.clock import now
from tidings.recommendations.events import ActivityPurchased
from tidings.tasks.events import TaskDeleted
from tidings.users.events import UserPreferencesUpdated

EVENTS: Final = 3
STORIES: Final = {f"story-{number}" for number in range(EVENTS)}
RECEIVED: Final = "event received"
# The consumers in the order of their events: queue, and the outcome of its batch.
OUTCOMES: Final = (
    ("inventory", "stock reserved"),
    ("orders", "order state changed"),
    ("notifications", "notifications stored"),
    ("recommendations", "purchase stored"),
    ("recommendations", "activity counted"),
    ("email.queue", "delivery status changed"),
    ("order_updates_queue", "notifications stored"),
)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    with io.StringIO() as stream:
        monkeypatch.setattr(logger.registered_handler, "stream", stream)
        yield stream


def stories_in(log: io.StringIO) -> dict[str, set[str | None]]:
    """Return the correlation ids by message, and clear the log."""
    found = defaultdict[str, set[str | None]](set)
    for line in log.getvalue().splitlines():
        content: dict[str, Any] = json.loads(line)
        found[content["message"]].add(content.get("correlation_id"))
    log.seek(0)
    log.truncate()
    return found


def test_each_event_of_a_batch_has_its_outcome_in_its_own_story(
    queues: Queues, log: io.StringIO, provider: Provider
) -> None:
    product, customers = a_product(stock=100), {each: a_reader(devices=0) for each in STORIES}
    for story, customer in customers.items():
        with correlated(story):
            order = an_order(product, customer=customer)
            publish_stored()
            values = {"order_id": order.id, "customer_id": customer.user_id, "state": "shipped"}
            data = OrderStatusDueData(**values, day=now().date())
            publish_now([OrderStatusDue(subject=order.id, data=data)])
    stories_in(log)
    for queue, outcome in OUTCOMES:
        handler = consumers()[queue][0].load()
        batch = queues.event_of(queue, queues.take(queue, EVENTS))
        handler(batch, CONTEXT)
        told = stories_in(log)
        assert told.pop(RECEIVED) == STORIES, queue
        assert told.pop(outcome) == STORIES, (queue, told)
        assert set().union(*told.values()) <= STORIES, (queue, told)
        handler(batch, CONTEXT)
        again = stories_in(log)
        assert again.pop(RECEIVED) == STORIES, queue
        assert set().union(*again.values()) == STORIES, (queue, again)


@pytest.mark.parametrize(
    ("queue", "event_class"),
    [
        # Its customer has no account.
        ("notifications", OrderConfirmed),
        ("notifications", UserPreferencesUpdated),
        # The assignee made the change.
        ("notifications", TaskDeleted),
        ("recommendations", OrderStatusChanged),
        # The activity does not exist any more.
        ("recommendations", ActivityPurchased),
    ],
)
def test_event_without_effect_has_a_line_that_says_so(
    queue: str, event_class: type[Event], queues: Queues, log: io.StringIO
) -> None:
    event = event_class.model_validate_json(
        (ROOT / "events/samples" / f"{event_class.event_type()}.json").read_text()
    )
    if isinstance(event, TaskDeleted):
        data = event.data.model_copy(update={"assignee_id": event.data.actor_id})
        event = event.model_copy(update={"data": data})
    publish_now([event])
    handler = consumers()[queue][0].load()
    handler(queues.event_of(queue, queues.take(queue, 1)), CONTEXT)
    told = stories_in(log)
    assert told.pop(RECEIVED) == {event.correlationid}
    assert [each for each in told if "skipped" in each]
    assert set().union(*told.values()) == {event.correlationid}


def test_every_consumer_of_batches_is_among_them() -> None:
    every = [each for functions in consumers().values() for each in functions]
    together = {each.file for each in every if getattr(each.load(), "together", None)}
    assert together == {consumers()[queue][0].file for queue, _ in OUTCOMES}
