"""From an event, by a command, to a provider: once, with the right status."""

import json
from typing import Any

import pytest
from delivery import deliver
from notifications import notifications

from tests.integration.builders import CONTEXT, Queues, a_reader
from tests.integration.notifications.builders import (
    Provider,
    confirmed,
    story,
    the_notification,
)
from tidings.delivery.status import status_of
from tidings.platform.messaging import relay
from tidings.platform.messaging.events import Event


def tell_of(event: Event, queues: Queues, times: int = 1) -> None:
    """Send an event through its queue to the consumer this number of times."""
    relay.publish_now([event])
    message = queues.event_of("notifications", queues.take("notifications", 1))
    for _ in range(times):
        notifications.handler(message, CONTEXT)


def commands(queue: str, queues: Queues, count: int = 1) -> dict[str, Any]:
    return queues.event_of(queue, queues.take(queue, count))


@pytest.mark.parametrize("times", [1, 3])
def test_event_reaches_inbox_email_and_push_once(
    queues: Queues, provider: Provider, times: int
) -> None:
    reader = a_reader(language="de")
    event = confirmed(reader)
    tell_of(event, queues, times)
    notification = the_notification(reader)
    assert notification.title == "Ihre Bestellung ist bestätigt"
    for queue in ("email.queue", "push.queue"):
        message = commands(queue, queues)
        for _ in range(times):
            deliver.handler(message, CONTEXT)
        assert queues.is_empty(queue)
    assert sorted(each.channel for each in provider.messages) == ["email", "push"]
    (mail,) = provider.taken("email")
    assert mail.rendered.subject == "Ihre Bestellung ist bestätigt"
    assert event.subject in mail.rendered.text
    assert mail.unsubscribe_url is not None
    assert mail.unsubscribe_url in mail.rendered.html
    assert story(notification, "email") == ["accepted", "queued", "sending", "sent"]
    assert story(notification, "inbox") == ["accepted", "delivered"]
    assert queues.is_empty("failed-messages")
    known = status_of(notification.id)
    assert known is not None
    email = next(each for each in known.deliveries if each.channel == "email")
    assert (email.status, email.provider, email.attempts) == ("sent", "stand-in", 1)
    assert known.correlation_id == event.correlationid


def test_commands_contain_no_text_and_no_address(queues: Queues) -> None:
    reader = a_reader()
    tell_of(confirmed(reader), queues)
    (message,) = queues.take("email.queue", 1)
    assert json.loads(message.body)["data"] == {
        "notification_id": the_notification(reader).id,
        "channel": "email",
        "priority": "normal",
    }
