"""Text messages through SNS."""

import pytest

from tests.integration.delivery.messages import a_message, localstack
from tests.waiting import eventually
from tidings.delivery.channels import deliver
from tidings.delivery.errors import PermanentFailure
from tidings.delivery.outgoing import Address, Rendered
from tidings.platform.timing.clock import new_id


def texts_to(phone: str, containing: str, region: str | None = None) -> list[str]:
    """Return the messages with this text; LocalStack shows them after a moment."""
    path = "/_aws/sns/sms-messages" + (f"?region={region}" if region else "")

    def found() -> list[str]:
        kept = localstack(path)["sms_messages"].get(phone, [])
        return [each["Message"] for each in kept if containing in each["Message"]]

    return eventually(found, what=f"a text message to {phone}")


def test_text_message_reaches_the_phone() -> None:
    phone, words = "+4917012345678", f"Order {new_id()} is on its way."
    receipt = deliver(a_message("sms", address=Address(phone=phone), rendered=Rendered(text=words)))
    assert texts_to(phone, words) == [words]
    assert (receipt.provider, receipt.is_final) == ("sns-sms", True)


def test_long_text_is_cut() -> None:
    phone, mark = "+4917012345679", new_id()
    long = Rendered(text=mark + "x" * 5_000)
    deliver(a_message("sms", address=Address(phone=phone), rendered=long))
    assert [len(each) for each in texts_to(phone, mark)] == [670]


def test_person_without_a_phone_fails_for_good() -> None:
    with pytest.raises(PermanentFailure) as failed:
        deliver(a_message("sms"))
    assert failed.value.reason == "no_address"
