"""Text messages to phones, through Amazon SNS."""

from typing import Final

from tidings.delivery.errors import Undeliverable
from tidings.delivery.outgoing import OutgoingMessage, Receipt
from tidings.platform.providers import sns
from tidings.platform.providers.deadline import Deadline
from tidings.platform.text.cuts import cut_to_fit

IDEMPOTENT: Final = False
# Ten parts of a long message in UCS-2, where an emoji counts as two units. SNS accepts up to 1600
# characters.
MAX_UNITS: Final = 670


def provider(_: OutgoingMessage) -> str:
    return "sns-sms"


def send(message: OutgoingMessage, deadline: Deadline) -> Receipt:
    phone, words = message.address.phone, message.rendered
    if not phone:
        raise Undeliverable("no_address", "the person has no phone number")
    text = cut_to_fit(words.text or f"{words.title}: {words.body}", _has_room, ellipsis="")
    deadline.left()
    promotional = message.category in {"promotions", "recommendations"}
    message_id = sns.text(phone, text, promotional=promotional)
    return Receipt(provider="sns-sms", provider_message_id=message_id, is_final=True)


def _has_room(text: str) -> bool:
    return len(text.encode("utf-16-le", errors="replace")) <= 2 * MAX_UNITS
