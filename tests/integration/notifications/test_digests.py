"""Mails that can wait are sent together: each in one digest, despite killed jobs."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from notifications import send_digests as entry_point

from tests.integration.builders import CONTEXT, a_reader, at_once
from tests.integration.notifications.builders import Provider, some_content, where
from tidings.delivery.delivering import deliver
from tidings.delivery.mime import mail_of
from tidings.delivery.models import Channel, Notification
from tidings.delivery.states import command_for
from tidings.notifications import digests
from tidings.notifications.creating import create_notifications
from tidings.notifications.digests import send_digests
from tidings.notifications.queries import get_notification_status
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import now
from tidings.users.models import User

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("queues")


def a_digest_reader(**more: Any) -> Principal:
    values: dict[str, Any] = {"digest": "daily", "tasks": {"email": True}}
    return a_reader(**(values | more))


def gather(reader: Principal, *titles: str) -> datetime:
    """Notify a person of this number of tasks; return when their digest is due."""
    at = now().replace(hour=12, minute=0, second=0, microsecond=0)
    for title in titles:
        content = some_content(
            category="tasks",
            kind="task.assigned",
            template_code="task_assigned",
            variables={"title": title, "task_id": f"id of {title}"},
        )
        create_notifications([reader.user_id], content, at=at)
    return (at + DAY).replace(hour=8)


def digests_of(reader: Principal) -> list[Notification]:
    return list(Notification.objects(user_id=reader.user_id, kind="digest"))


def gathered(reader: Principal) -> list[tuple[str, str | None]]:
    found = Notification.objects(user_id=reader.user_id, kind="task.assigned").order_by("pk")
    return [where(each, "email")[:2] for each in found]


def test_mails_that_can_wait_become_one(provider: Provider) -> None:
    reader = a_digest_reader()
    due = gather(reader, "Call", "Write", "Pay")
    assert gathered(reader) == [("scheduled", "digest")] * 3
    assert send_digests(due - DAY / 24) == 0
    assert send_digests(due) == 1
    (digest,) = digests_of(reader)
    assert not digest.in_inbox
    assert gathered(reader) == [("suppressed", f"in digest {digest.id}")] * 3
    deliver(command_for(digest, Channel.EMAIL), due)
    (mail,) = provider.messages
    for title in ("Call", "Write", "Pay"):
        assert title in mail.rendered.text
    assert mail.unsubscribe_url is not None


def test_digest_has_the_correlation_id_of_its_run(provider: Provider) -> None:
    reader = a_digest_reader()
    due = gather(reader, "Call")
    entry_point.handler({"id": "run-7", "time": due.isoformat()}, CONTEXT)
    (digest,) = digests_of(reader)
    status = get_notification_status(digest.id, caller=reader)
    assert status.correlation_id == "run-7"
    deliver(command_for(digest, Channel.EMAIL), due)
    (message,) = provider.messages
    mail = mail_of(message, mail_from="shop@example.com", at=due)
    assert b"X-Correlation-Id: run-7\r\n" in mail.raw


def test_inbox_does_not_wait_for_the_digest() -> None:
    reader = a_digest_reader()
    gather(reader, "Call")
    assert Notification.objects.get(user_id=reader.user_id).in_inbox


@pytest.mark.usefixtures("unpublished")
def test_concurrent_jobs_make_one_digest_of_all_messages() -> None:
    reader = a_digest_reader()
    due = gather(reader, "Call", "Write")
    # The other job marked one of them, and stopped there.
    mine = Notification.objects(user_id=reader.user_id, kind="task.assigned")
    key = f"{reader.user_id}.{due:%Y%m%dT%H%M%S}"
    Notification.objects(pk=mine.first().id).update_one(set__digest_key=key)
    assert sum(at_once([partial(send_digests, due)] * 4)) >= 1
    (digest,) = digests_of(reader)
    assert gathered(reader) == [("suppressed", f"in digest {digest.id}")] * 2


def test_digest_that_was_sent_is_not_sent_again() -> None:
    reader = a_digest_reader()
    due = gather(reader, "Call")
    assert [send_digests(due) for _ in range(3)] == [1, 0, 0]
    assert send_digests(due + DAY) == 0
    assert len(digests_of(reader)) == 1


@pytest.mark.parametrize(("place", "count"), [("_settle", 2), ("create_notifications", 1)])
def test_killed_job_is_repaired_by_the_next_one(
    place: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = a_digest_reader()
    due = gather(reader, "Call", "Write")

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(digests, place, die)
        with pytest.raises(SystemExit):
            send_digests(due)
    gather(reader, "Late")  # for the digest of the next day
    Notification.objects(digest_key=None, kind="task.assigned").update(set__digest_due_at=due)
    send_digests(due)
    everything = digests_of(reader)
    items = Counter(item["title"] for each in everything for item in each.variables["items"])
    assert len(everything) == count
    assert sorted(items.values()) == [3] or sum(items.values()) == 3
    assert all(status == "suppressed" for status, _ in gathered(reader))
    assert send_digests(due) == 0


@pytest.mark.usefixtures("unpublished")
def test_concurrent_jobs_put_each_message_into_one_digest() -> None:
    readers = [a_digest_reader() for _ in range(5)]
    due = max(gather(reader, "Call", "Write") for reader in readers)
    at_once([partial(send_digests, due)] * 3)
    for reader in readers:
        items = [item["body"] for each in digests_of(reader) for item in each.variables["items"]]
        assert len(items) == len(set(items)) == 2


def test_category_switched_off_meanwhile_is_not_in_it() -> None:
    reader = a_digest_reader()
    due = gather(reader, "Call")
    User.objects(pk=reader.user_id).update_one(set__preferences={"tasks": {"email": False}})
    assert send_digests(due) == 0
    assert gathered(reader) == [("suppressed", "preferences")]


def test_deleted_account_gets_none() -> None:
    reader = a_digest_reader()
    due = gather(reader, "Call")
    User.objects(pk=reader.user_id).update_one(set__deleted_at=now())
    assert send_digests(due) == 0
    assert gathered(reader) == [("suppressed", "no account")]


def test_long_list_is_cut_and_all_messages_are_settled() -> None:
    reader = a_digest_reader()
    due = gather(reader, *(f"Task {number}" for number in range(digests.MAX_ITEMS + 5)))
    assert send_digests(due) == 1
    (digest,) = digests_of(reader)
    assert len(digest.variables["items"]) == digests.MAX_ITEMS
    assert {status for status, _ in gathered(reader)} == {"suppressed"}


def test_failure_of_one_person_does_not_delay_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from tidings.platform.errors import RuleRefused

    unlucky, lucky = a_digest_reader(), a_digest_reader()
    gather(unlucky, "Call")
    due = gather(lucky, "Call")

    def tell_some(user_ids: list[str], *rest: Any, **more: Any) -> Any:
        if user_ids == [unlucky.user_id]:
            raise RuleRefused("no")
        return create_notifications(user_ids, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr("tidings.notifications.digests.create_notifications", tell_some)
        assert send_digests(due) == 1
    assert gathered(unlucky) == [("scheduled", "digest")]
    assert send_digests(due) == 1
