"""No one gets more messages of a kind in a period than the table allows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from pymongo.errors import AutoReconnect

from tests.integration.builders import a_person, a_reader, at_once
from tests.integration.delivery.watched import command
from tests.integration.notifications.builders import Provider, some_content, where
from tidings.delivery import frequency, frequency_rules
from tidings.delivery.delivering import deliver, deliver_together, outlook
from tidings.delivery.erasure import forget_person
from tidings.delivery.errors import PermanentFailure, TemporaryFailure, Undeliverable
from tidings.delivery.frequency import Frequency
from tidings.delivery.models import Notification
from tidings.monitoring.explaining.operations import explain_notification
from tidings.monitoring.persons.operations import find_person
from tidings.monitoring.persons.schemas import FindPerson
from tidings.notifications.creating import create_notifications
from tidings.notifications.schemas import UpdateNotification
from tidings.notifications.updating import update_notification
from tidings.platform.security.auth import Principal, Role
from tidings.platform.settings import settings
from tidings.platform.timing.clock import now

DAY = timedelta(days=1)
CAPPED = ("suppressed", "frequency_cap promotions 2/7d")
OPERATOR = a_person(Role.OPERATOR)


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set limits that a test reaches with few messages."""
    caps = "promotions.email=2/7d,promotions.push=3/1d"
    here = settings().model_copy(update={"frequency_caps": caps})
    monkeypatch.setattr(frequency_rules, "settings", lambda: here)


def a_promoted_reader() -> Principal:
    return a_reader(promotions={"email": True, "push": True})


def promoted(reader: Principal, number: int = 1, channel: str = "email") -> list[Notification]:
    """Store promotions for a person."""
    ids = [
        create_notifications(
            [reader.user_id],
            some_content(
                category="promotions", kind="promo.campaign", channels=frozenset({channel, "inbox"})
            ),
        )[reader.user_id].notification_id
        for _ in range(number)
    ]
    return [Notification.objects.get(pk=each) for each in ids]


def states(told: Sequence[Notification], channel: str = "email") -> list[str]:
    return [where(each, channel)[0] for each in told]


def send(told: Notification, at: datetime | None = None, channel: str = "email") -> None:
    deliver(command(told, channel), at)


def test_third_promotion_of_a_week_is_not_mailed_and_stays_in_the_inbox(
    provider: Provider,
) -> None:
    told = promoted(a_promoted_reader(), 3)
    for each in told:
        send(each)
    assert states(told) == ["sent", "sent", "suppressed"]
    assert where(told[2], "email")[:2] == CAPPED
    assert where(told[2], "inbox")[0] == "delivered"
    assert len(provider.messages) == 2
    (mail,) = [
        each
        for each in explain_notification(told[2].id, caller=OPERATOR)
        .events[0]
        .notifications[0]
        .channels
        if each.channel == "email"
    ]
    assert mail.reason == "frequency_cap"
    assert mail.sentence == (
        "It is not sent: the person got the most messages of promotions by email: 2 in 7 days."
    )


def test_places_are_free_again_when_the_period_is_over(provider: Provider) -> None:
    reader, at = a_promoted_reader(), now()
    first, second, third, fourth = promoted(reader, 4)
    send(first, at)
    send(second, at + DAY)
    send(third, at + DAY)
    assert states([third]) == ["suppressed"]
    Notification.objects(pk=fourth.id).update_one(set__created_at=at + 7 * DAY)
    send(fourth, at + 7 * DAY)
    assert states([first, second, fourth]) == ["sent"] * 3
    assert len(provider.messages) == 3


def test_each_person_and_each_channel_counts_for_itself(provider: Provider) -> None:
    ada, bob = a_promoted_reader(), a_promoted_reader()
    mails = promoted(ada, 2) + promoted(bob, 2)
    pushes = promoted(ada, 4, "push")
    for each in mails:
        send(each)
    for each in pushes:
        send(each, channel="push")
    assert states(mails) == ["sent"] * 4
    assert states(pushes, "push") == ["sent"] * 3 + ["suppressed"]


def test_promotions_at_once_get_no_more_than_their_places(
    provider: Provider, unpublished: None
) -> None:
    told = promoted(a_promoted_reader(), 12)
    at_once([partial(send, each) for each in told])
    assert sorted(states(told)) == ["sent"] * 2 + ["suppressed"] * 10
    assert len(provider.messages) == 2


def test_promotions_of_one_batch_get_no_more_than_their_places(provider: Provider) -> None:
    ada, bob = a_promoted_reader(), a_promoted_reader()
    told = promoted(ada, 4) + promoted(bob, 1)
    assert deliver_together([command(each) for each in told]) == []
    assert sorted(states(told[:4])) == ["sent", "sent", "suppressed", "suppressed"]
    assert states(told[4:]) == ["sent"]


def test_message_that_is_tried_often_has_one_place(provider: Provider) -> None:
    reader = a_promoted_reader()
    first, second, third = promoted(reader, 3)
    provider.failures = [TemporaryFailure("timeout", "try later")] * 2
    for _ in range(2):
        with pytest.raises(TemporaryFailure):
            send(first)
    send(first)
    send(first)  # a repeated command
    send(second)
    send(third)
    assert states([first, second, third]) == ["sent", "sent", "suppressed"]


def test_message_that_fails_gives_its_place_back(provider: Provider) -> None:
    reader = a_promoted_reader()
    first, second, third, fourth = promoted(reader, 4)
    provider.failures = [Undeliverable("bad_address", "no"), PermanentFailure("refused", "no")]
    send(first)
    with pytest.raises(PermanentFailure):
        send(second)
    send(third)
    send(fourth)
    assert states([first, second, third, fourth]) == ["failed", "failed", "sent", "sent"]
    # An operator redrives the command, and the places are taken.
    assert outlook(command(second)) == (*CAPPED, None)
    send(second)
    assert where(second, "email")[:2] == CAPPED


def test_killed_process_leaves_a_place_to_its_own_message(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Raised like a SIGKILL: no handler of the code runs after it."""

    def die(*_: object) -> None:
        raise Killed

    first, second, third = promoted(a_promoted_reader(), 3)
    with monkeypatch.context() as patch:
        patch.setattr("tidings.delivery.claims.take", die)
        with pytest.raises(Killed):
            send(first)
    for each in (first, second, third):
        send(each)
    assert states([first, second, third]) == ["sent", "sent", "suppressed"]


def test_nothing_is_sent_while_nothing_can_be_counted(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    (told,) = promoted(a_promoted_reader())

    def fail(*_: object) -> None:
        raise AutoReconnect("away")

    with monkeypatch.context() as patch:
        patch.setattr(frequency, "_take", fail)
        with pytest.raises(AutoReconnect):
            send(told)
    assert (states([told]), provider.messages) == (["queued"], [])
    send(told)
    assert states([told]) == ["sent"]


def test_changed_push_beyond_the_limit_stays_as_it_was_sent(provider: Provider) -> None:
    """Its own place has ended, and newer messages have taken all others."""
    reader, at = a_promoted_reader(), now()
    (told,) = promoted(reader, channel="push")
    send(told, at, "push")
    for each in promoted(reader, 3, channel="push"):
        send(each, at + DAY, "push")
    wanted = UpdateNotification(revision=1, variables={"order_id": "order-8"})
    update_notification(told.id, wanted, caller=OPERATOR)
    send(told, at + DAY, "push")
    assert states([told], "push") == ["sent"]
    assert len(provider.messages) == 4


def test_orders_and_samples_are_never_stopped(provider: Provider) -> None:
    reader = a_promoted_reader()
    told = [
        create_notifications(
            [reader.user_id],
            some_content(category="promotions", channels=frozenset({"email"}), **more),
        )[reader.user_id].notification_id
        for more in ({"transactional": True}, {"sample_language": "en"})
        for _ in range(3)
    ]
    for each in told:
        send(Notification.objects.get(pk=each))
    assert len(provider.messages) == 6
    assert Frequency.objects.count() == 0


def test_messages_without_a_limit_cost_no_command(provider: Provider, commands: list[str]) -> None:
    told = create_notifications(
        [(reader := a_reader()).user_id], some_content(channels=frozenset({"email"}))
    )
    notification = Notification.objects.get(pk=told[reader.user_id].notification_id)
    commands.clear()
    send(notification)
    assert not [each for each in commands if "frequencies" in each]


def test_find_person_forecasts_the_limit(provider: Provider) -> None:
    reader = a_promoted_reader()
    for each in promoted(reader, 2):
        send(each)
    found = find_person(FindPerson(id=reader.user_id), caller=OPERATOR)
    (promotions,) = [each for each in found.outlook if each.category == "promotions"]
    by_channel = {each.channel: each for each in promotions.channels}
    assert by_channel["email"].reason == "frequency_cap"
    assert by_channel["push"].status == "queued"
    later = find_person(FindPerson(id=reader.user_id), caller=OPERATOR, at=now() + 8 * DAY)
    assert [
        channel.status
        for each in later.outlook
        if each.category == "promotions"
        for channel in each.channels
        if channel.channel == "email"
    ] == ["queued"]


def test_erased_person_leaves_no_count(provider: Provider) -> None:
    reader = a_promoted_reader()
    send(promoted(reader)[0])
    assert Frequency.objects(user_id=reader.user_id).count() == 1
    forget_person(reader.user_id)
    assert Frequency.objects(user_id=reader.user_id).count() == 0
