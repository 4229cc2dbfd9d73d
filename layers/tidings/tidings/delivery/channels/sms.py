"""Text messages to phones, through Amazon SNS."""

from typing import Final

from tidings.delivery.errors import PermanentFailure
from tidings.delivery.schemas import OutgoingMessage, Receipt
from tidings.platform.providers import sns
from tidings.platform.providers.deadline import Deadline

IDEMPOTENT: Final = False
# Ten parts of a long message in UCS-2; SNS takes up to 1600 characters.
MAX_CHARACTERS: Final = 670


def provider(_: OutgoingMessage) -> str:
    return "sns-sms"


def send(message: OutgoingMessage, deadline: Deadline) -> Receipt:
    phone, words = message.address.phone, message.rendered
    if not phone:
        raise PermanentFailure("no_address", "the person has no phone number")
    text = (words.text or f"{words.title}: {words.body}")[:MAX_CHARACTERS]
    deadline.left()
    promotional = message.category in {"promotions", "recommendations"}
    message_id = sns.text(phone, text, promotional=promotional)
    return Receipt(provider="sns-sms", provider_message_id=message_id, is_final=True)
