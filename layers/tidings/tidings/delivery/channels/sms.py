"""Text messages to phones, through Amazon SNS in one region or several."""

from functools import partial
from typing import Final

from tidings.delivery.errors import Undeliverable
from tidings.delivery.outgoing import OutgoingMessage, Receipt
from tidings.platform.providers import sns
from tidings.platform.providers.deadline import Deadline
from tidings.platform.providers.failover import Provider
from tidings.platform.settings import settings
from tidings.platform.text.cuts import cut_to_fit

IDEMPOTENT: Final = False
PROVIDER: Final = "sns-sms"
# Ten parts of a long message in UCS-2, where an emoji counts as two units. SNS accepts up to 1600
# characters.
MAX_UNITS: Final = 670


def providers(message: OutgoingMessage) -> list[Provider[Receipt]]:
    # The same provider twice is one.
    written = dict.fromkeys(settings().sms_providers.split())
    return [_provider(message, each.partition(":")[2]) for each in written]


def _provider(message: OutgoingMessage, region: str) -> Provider[Receipt]:
    name = f"{PROVIDER}-{region}" if region else PROVIDER
    return Provider(name=name, circuit=name, send=partial(_send, message, name, region or None))


def _send(message: OutgoingMessage, name: str, region: str | None, deadline: Deadline) -> Receipt:
    phone, words = message.address.phone, message.rendered
    if not phone:
        raise Undeliverable("no_address", "the person has no phone number")
    text = cut_to_fit(words.text or f"{words.title}: {words.body}", _has_room, ellipsis="")
    deadline.left()
    promotional = message.category in {"promotions", "recommendations"}
    message_id = sns.text(phone, text, promotional=promotional, region=region)
    return Receipt(provider=name, provider_message_id=message_id, is_final=True)


def _has_room(text: str) -> bool:
    return len(text.encode("utf-16-le", errors="replace")) <= 2 * MAX_UNITS
