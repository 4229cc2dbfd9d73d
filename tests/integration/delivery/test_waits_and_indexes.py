"""When the release job looks at a notification, and the indexes of its collection."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.builders import a_reader
from tests.integration.delivery.watched import command, told
from tests.integration.notifications.builders import Provider, where
from tidings.delivery import channels, former_indexes
from tidings.delivery.claims import DIED, LEASE, settle_lost_claims
from tidings.delivery.delivering import deliver
from tidings.delivery.models import Channel, Notification
from tidings.delivery.outgoing import OutgoingMessage
from tidings.delivery.releasing import LEFT_FOR, release_due_notifications
from tidings.platform.storage.former_indexes import DEPLOYED_AFTER
from tidings.platform.timing.clock import now

pytestmark = pytest.mark.usefixtures("provider")

SECOND = timedelta(seconds=1)
MAIL_AND_PUSH = frozenset({"email", "push"})


class Killed(BaseException):
    """Raised like a SIGKILL: no handler of the code runs after it."""


def the_moment() -> datetime:
    """Return the current time in the precision that MongoDB stores."""
    at = now()
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def claimed_and_lost(notification: Notification, channel: str, at: datetime) -> None:
    """Deliver a command in a process that dies while it sends."""

    def die(_: OutgoingMessage) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channels, "deliver", die)
        with pytest.raises(Killed):
            deliver(command(notification, channel), at)


def next_due_at(notification: Notification) -> Any:
    return Notification.objects.get(pk=notification.id).next_due_at


def forget_the_wait(notification: Notification) -> None:
    """Leave the claim as an earlier release would have stored it."""
    Notification.objects(pk=notification.id).update_one(unset__next_due_at=True)


@pytest.fixture
def former() -> Iterator[None]:
    """Give the collection the indexes of the release before."""
    collection = Notification._get_collection()
    for channel in Channel:
        place = f"deliveries.{channel.value}"
        collection.create_index(
            [(f"{place}.claimed_at", 1)],
            name=f"claims_{channel.value}",
            partialFilterExpression={f"{place}.status": "sending"},
        )
    collection.create_index([("user_id", 1), ("read_at", 1)])
    yield
    for name in former_indexes.UNUSED & collection.index_information().keys():
        collection.drop_index(name)


def test_claim_is_due_when_its_lease_ends_and_its_end_ends_the_wait(provider: Provider) -> None:
    at, notification = the_moment(), told(a_reader())
    claimed_and_lost(notification, "email", at)
    assert next_due_at(notification) == at + LEASE
    deliver(command(notification), at + LEASE)
    assert where(notification, "email")[:2] == ("unknown", DIED)
    assert next_due_at(notification) is None
    other = told(a_reader())
    deliver(command(other))
    assert (where(other, "email")[0], next_due_at(other)) == ("sent", None)


def test_end_of_one_claim_does_not_hide_another(provider: Provider) -> None:
    at, notification = the_moment(), told(a_reader(), channels=MAIL_AND_PUSH)
    claimed_and_lost(notification, "push", at)
    deliver(command(notification), at + SECOND)
    assert where(notification, "email")[0] == "sent"
    assert next_due_at(notification) == at + LEASE
    assert settle_lost_claims(at + LEASE) == 1
    assert where(notification, "push")[:2] == ("unknown", DIED)


def test_job_corrects_a_time_that_is_too_early(provider: Provider) -> None:
    at, notification = the_moment(), told(a_reader())
    Notification.objects(pk=notification.id).update_one(set__next_due_at=at)
    assert release_due_notifications(at) == 0
    assert next_due_at(notification) is None
    assert where(notification, "email")[0] == "queued"


def test_job_leaves_a_claim_whose_lease_has_not_ended(provider: Provider) -> None:
    at, notification = the_moment(), told(a_reader())
    claimed_and_lost(notification, "email", at)
    Notification.objects(pk=notification.id).update_one(set__next_due_at=at)
    assert release_due_notifications(at + SECOND) == 0
    assert next_due_at(notification) == at + LEASE
    assert release_due_notifications(at + LEASE - SECOND) == 0
    assert where(notification, "email")[0] == "sending"


def test_job_does_not_look_again_at_once_at_a_claim_that_it_could_not_settle(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, notification = the_moment(), told(a_reader())
    claimed_and_lost(notification, "email", at)
    monkeypatch.setattr("tidings.delivery.releasing.settle_lost_claims", lambda _: 0)
    assert release_due_notifications(at + LEASE) == 0
    assert next_due_at(notification) == at + LEASE + LEFT_FOR


@pytest.mark.usefixtures("former")
def test_lost_claim_of_an_earlier_release_is_settled(provider: Provider) -> None:
    at, mail = the_moment(), told(a_reader())
    push = told(a_reader(), channels=frozenset({"push"}))
    for notification, channel in ((mail, "email"), (push, "push")):
        claimed_and_lost(notification, channel, at)
        forget_the_wait(notification)
    release_due_notifications(at + LEASE - SECOND)
    assert where(mail, "email")[0] == "sending"
    release_due_notifications(at + LEASE)
    assert where(mail, "email")[:2] == ("unknown", DIED)
    assert where(push, "push")[:2] == ("unknown", DIED)


@pytest.mark.usefixtures("former")
def test_indexes_of_an_earlier_release_are_dropped_when_its_functions_have_ended() -> None:
    names = former_indexes.UNUSED
    collection, at = Notification._get_collection(), now()
    former_indexes.follow(at, age=DEPLOYED_AFTER - SECOND)
    assert collection.index_information().keys() >= names
    for _ in range(2):
        former_indexes.follow(at, age=DEPLOYED_AFTER)
        assert not collection.index_information().keys() & names


def test_collection_has_nine_indexes_besides_that_of_ids() -> None:
    names = Notification._get_collection().index_information().keys()
    assert names - former_indexes.UNUSED == {
        "_id_",
        "dedupe_key_1",
        "user_id_1__id_-1",
        "next_due_at_1",
        "digest_due_at_1",
        # Sparse: only what waited has an entry, so other inserts cost no more.
        "shown_at_1",
        "campaign_id_1",
        "correlation_id_1",
        "expires_at_1",
        "waiting_events",
    }
