"""Text messages through SNS."""

import pytest

from tests.integration.delivery.messages import a_message, localstack
from tidings.delivery.channels import deliver
from tidings.delivery.errors import PermanentFailure
from tidings.delivery.schemas import Address, Rendered
from tidings.platform.clock import new_id


def test_text_message_reaches_the_phone() -> None:
    phone, words = "+4917012345678", f"Order {new_id()} is on its way."
    receipt = deliver(a_message("sms", address=Address(phone=phone), rendered=Rendered(text=words)))
    kept = localstack("/_aws/sns/sms-messages")["sms_messages"][phone]
    assert [each["Message"] for each in kept if each["Message"] == words] == [words]
    assert (receipt.provider, receipt.is_final) == ("sns-sms", True)


def test_long_text_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    phone = "+4917012345679"
    long = Rendered(text=new_id() + "x" * 5_000)
    deliver(a_message("sms", address=Address(phone=phone), rendered=long))
    kept = localstack("/_aws/sns/sms-messages")["sms_messages"][phone]
    assert max(len(each["Message"]) for each in kept) == 670


def test_person_without_a_phone_fails_for_good() -> None:
    with pytest.raises(PermanentFailure) as failed:
        deliver(a_message("sms"))
    assert failed.value.reason == "no_address"
