"""Text messages go to verified numbers, within daily limits; a code goes to its own number."""

import pytest
from redis import RedisError

from tests.integration.builders import change_account
from tests.integration.delivery.texts import PHONE, a_code, a_texted_reader, limited, text
from tests.integration.notifications.builders import Provider, some_content, the_notification, where
from tidings.delivery.delivering import deliver
from tidings.delivery.models import Channel
from tidings.delivery.states import command_for
from tidings.notifications.creating import create_notifications
from tidings.platform.errors import NotYet


def test_unverified_phone_gets_nothing_for_any_number_of_orders(provider: Provider) -> None:
    reader = a_texted_reader(verified=False)
    for _ in range(5):
        assert where(text(reader), "sms")[:2] == ("suppressed", "phone not verified")
    assert provider.messages == []


def test_unverified_phone_gets_its_code(provider: Provider) -> None:
    reader = a_texted_reader(verified=False)
    deliver(a_code(reader))
    (message,) = provider.taken("sms")
    assert message.address.phone == PHONE
    assert "5HX28RWN" in message.rendered.text
    assert the_notification(reader).variables == {}


def test_code_is_not_sent_to_a_number_set_later(provider: Provider) -> None:
    reader = a_texted_reader(verified=False)
    command = a_code(reader)
    change_account(reader.user_id, set__phone="+491707654321", unset__phone_check=True)
    deliver(command)
    assert provider.messages == []
    assert where(the_notification(reader), "sms")[:2] == ("suppressed", "number changed")


def test_phone_changed_while_a_text_waits_gets_nothing(provider: Provider) -> None:
    reader = a_texted_reader()
    create_notifications([reader.user_id], some_content(channels=frozenset({"sms"})))
    notification = the_notification(reader)
    change_account(reader.user_id, set__phone="+491707654321", unset__phone_verified_at=True)
    deliver(command_for(notification, Channel.SMS))
    assert provider.messages == []
    assert where(notification, "sms")[:2] == ("suppressed", "phone not verified")


@pytest.mark.parametrize(
    ("setting", "phones"),
    [
        ("sms_per_person_per_day", [PHONE] * 3),
        ("sms_per_number_per_day", [PHONE] * 3),
        ("sms_per_range_per_day", ["+491701234561", "+491701234562", "+491701234563"]),
        ("sms_per_country_per_day", ["+491701234561", "+491719999999", "+4915112345678"]),
        ("sms_per_day", ["+491701234561", "+447911123456", "+12025550123"]),
    ],
)
def test_daily_limit_is_enforced(
    setting: str, phones: list[str], provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, **{setting: 2})
    one = a_texted_reader()
    readers = [
        one if setting == "sms_per_person_per_day" else a_texted_reader(phone) for phone in phones
    ]
    outcomes = [where(text(reader), "sms")[:2] for reader in readers]
    assert [status for status, _ in outcomes] == ["sent", "sent", "suppressed"]
    assert outcomes[-1][1] == "too many text messages"
    assert len(provider.taken("sms")) == 2


@pytest.mark.parametrize("wide", ["number", "range", "country"])
def test_codes_requested_by_others_leave_half_of_a_limit_to_owners(
    wide: str, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, **{f"sms_per_{wide}_per_day": 4})
    for _ in range(4):
        deliver(a_code(a_texted_reader(verified=False)))
    assert len(provider.taken("sms")) == 2
    owner = a_texted_reader()
    assert [where(text(owner), "sms")[0] for _ in range(3)] == ["sent", "sent", "suppressed"]


def test_limit_of_one_country_does_not_stop_another(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, sms_per_country_per_day=1)
    phones = ("+8801712345678", "+8801812345678", "+491701234567")
    statuses = [where(text(a_texted_reader(phone)), "sms")[0] for phone in phones]
    assert statuses == ["sent", "suppressed", "sent"]
    assert len(provider.messages) == 2


def test_message_waits_while_it_cannot_be_counted(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = a_texted_reader()
    create_notifications([reader.user_id], some_content(channels=frozenset({"sms"})))
    notification = the_notification(reader)

    def away() -> object:
        raise RedisError("away")

    with monkeypatch.context() as patched:
        patched.setattr("tidings.platform.security.limits.store.client", away)
        with pytest.raises(NotYet):
            deliver(command_for(notification, Channel.SMS))
    assert provider.messages == []
    deliver(command_for(notification, Channel.SMS))
    assert len(provider.messages) == 1
