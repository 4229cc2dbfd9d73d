"""The reports of providers are recorded in the status of a notification."""

import pytest

from tests.integration.builders import a_reader
from tests.integration.delivery.watched import command, report, told
from tests.integration.notifications.builders import (
    Provider,
    story,
    where,
)
from tidings.delivery.delivering import deliver
from tidings.delivery.events import NotificationFailed
from tidings.delivery.models import Notification
from tidings.delivery.status import status_of
from tidings.notifications.notifying import notify
from tidings.platform.timing.clock import new_id


def test_arrival_and_bounce_are_in_the_history(provider: Provider) -> None:
    from tidings.delivery.events import NotificationDelivered

    notification = told(a_reader())
    deliver(command(notification))
    arrived = report(NotificationDelivered, notification)
    for _ in range(2):
        notify(arrived)
    assert story(notification, "email")[-2:] == ["sent", "delivered"]
    bounced = report(NotificationFailed, notification, reason="complaint")
    for _ in range(2):
        notify(bounced)
    notify(arrived)
    assert story(notification, "email")[-2:] == ["delivered", "failed"]
    assert where(notification, "email")[:2] == ("failed", "complaint")


def test_report_of_a_deleted_notification_changes_nothing() -> None:
    from tidings.delivery.events import NotificationDelivered

    gone = Notification(id=new_id())
    notify(report(NotificationDelivered, gone))
    assert Notification.objects.count() == 0


def test_status_is_the_same_without_redis(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    import redis

    from tidings.platform.caching import cache

    notification = told(a_reader())
    before = status_of(notification.id)

    def away() -> redis.Redis:
        raise redis.ConnectionError

    monkeypatch.setattr(cache, "client", away)
    assert status_of(notification.id) == before
    deliver(command(notification))
    after = status_of(notification.id)
    assert after is not None
    assert after.deliveries[0].status == "sent"
    assert status_of(new_id()) is None
