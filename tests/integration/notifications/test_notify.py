"""An event notifies a person once."""

from functools import partial
from typing import get_args

import pytest

from tests.integration.builders import a_person, a_reader, at_once
from tidings.delivery.models import Notification
from tidings.notifications.errors import NotificationNotFound
from tidings.notifications.inbox import mark_notification_read
from tidings.notifications.notifying import notify
from tidings.notifications.queries import get_unread_count, get_user_notifications
from tidings.notifications.schemas import InboxFilter, NotificationView
from tidings.orders.events import OrderConfirmed, OrderConfirmedData
from tidings.platform.context import correlated
from tidings.platform.errors import Forbidden
from tidings.platform.security.auth import PersonRole, Principal, Role
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id

ALL = PageRequest.model_validate({"limit": 100})


def confirmed(customer: Principal) -> OrderConfirmed:
    order_id = new_id()
    data = OrderConfirmedData(
        order_id=order_id, customer_id=customer.user_id, total=990, currency="EUR"
    )
    return OrderConfirmed(subject=order_id, data=data)


def inbox(person: Principal, *, unread_only: bool = False) -> list[NotificationView]:
    wanted = InboxFilter(unread_only=unread_only)
    return get_user_notifications(person.user_id, ALL, caller=person, wanted=wanted).items


def a_notification(person: Principal) -> NotificationView:
    notify(confirmed(person))
    return inbox(person)[0]


def test_event_becomes_a_notification() -> None:
    customer = a_reader()
    with correlated("request-7"):
        event = confirmed(customer)
    notify(event)
    (notification,) = inbox(customer)
    assert notification.kind == "order.confirmed"
    assert notification.subject_id == event.subject
    assert event.subject in notification.body
    assert notification.correlation_id == "request-7"
    assert notification.read_at is None
    assert Notification.objects.get().event_id == event.id


def test_repeated_event_creates_no_notification() -> None:
    customer = a_reader()
    event = confirmed(customer)
    notify(event)
    before = inbox(customer)
    mark_notification_read(before[0].id, caller=customer)
    notify(event)
    (after,) = inbox(customer)
    assert after.id == before[0].id
    assert after.read_at is not None


def test_ten_concurrent_deliveries_of_an_event_notify_once() -> None:
    for _ in range(3):
        customer = a_reader()
        event = confirmed(customer)
        at_once([partial(notify, event)] * 10)
        assert len(inbox(customer)) == 1


def test_another_event_notifies_again() -> None:
    customer = a_reader()
    notify(confirmed(customer))
    notify(confirmed(customer))
    assert len(inbox(customer)) == 2


# ------------------------------------------------------------------------ reading


def test_read_notification_is_no_longer_unread() -> None:
    customer = a_reader()
    first, second = a_notification(customer), a_notification(customer)
    read = mark_notification_read(first.id, caller=customer)
    assert read.read_at is not None
    assert [each.id for each in inbox(customer, unread_only=True)] == [second.id]
    assert get_unread_count(customer.user_id, caller=customer) == 1
    assert len(inbox(customer)) == 2


def test_first_reading_is_kept() -> None:
    customer = a_reader()
    notification = a_notification(customer)
    first = mark_notification_read(notification.id, caller=customer)
    assert mark_notification_read(notification.id, caller=customer).read_at == first.read_at


@pytest.mark.parametrize("role", get_args(PersonRole))
def test_notification_of_another_is_not_found_and_stays_unread(role: Role) -> None:
    owner = a_reader()
    notification = a_notification(owner)
    with pytest.raises(NotificationNotFound):
        mark_notification_read(notification.id, caller=a_person(role))
    assert inbox(owner)[0].read_at is None


def test_unknown_notification_is_not_found() -> None:
    with pytest.raises(NotificationNotFound):
        mark_notification_read(new_id(), caller=a_person())


# ---------------------------------------------------------------------- ownership


def test_inbox_contains_ones_own_only() -> None:
    ada, bob = a_reader(), a_reader()
    notify(confirmed(ada))
    assert inbox(bob) == []
    assert get_unread_count(bob.user_id, caller=bob) == 0


def test_inbox_of_another_is_forbidden() -> None:
    owner, stranger = a_reader(), a_person()
    notify(confirmed(owner))
    with pytest.raises(Forbidden):
        get_user_notifications(owner.user_id, ALL, caller=stranger)
    with pytest.raises(Forbidden):
        get_unread_count(owner.user_id, caller=stranger)


def test_operators_read_any_inbox() -> None:
    owner, operator = a_reader(), a_person(Role.OPERATOR)
    notify(confirmed(owner))
    assert get_user_notifications(owner.user_id, ALL, caller=operator).total == 1
    assert get_unread_count(owner.user_id, caller=operator) == 1


def test_newest_is_first() -> None:
    customer = a_reader()
    events = [confirmed(customer) for _ in range(3)]
    for event in events:
        notify(event)
    assert [each.subject_id for each in inbox(customer)] == [
        event.subject for event in reversed(events)
    ]
