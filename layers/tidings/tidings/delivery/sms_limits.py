"""Daily limits of text messages: each costs money, and fraudsters earn from those that arrive."""

from collections.abc import Iterator
from typing import Final

from tidings.delivery.outgoing import OutgoingMessage
from tidings.delivery.simulated import outcome_of
from tidings.platform.errors import RateLimited
from tidings.platform.logging import logger
from tidings.platform.security.limits import Limit
from tidings.platform.settings import settings
from tidings.users.phones import country, number_range

DAY_SECONDS: Final = 24 * 3600


def admits(message: OutgoingMessage, *, carries_code: bool = False) -> bool:
    """Count a text message; return whether the limits allow it.

    Other channels have no limits, nor do simulated messages, which cost nothing.

    Anyone can request a code for any number. So codes use at most half of each limit: requests for
    codes never block other messages to the owners of the numbers.

    Raises:
        NotYet: Redis is unavailable, and a message that costs money must not be sent uncounted.
    """
    phone = message.address.phone
    if message.channel != "sms" or not phone or outcome_of(message) is not None:
        return True
    for limit, subject in _limits(message.user_id, phone, carries_code=carries_code):
        try:
            limit.take_for_message(subject)
        except RateLimited:
            logger.warning("text message not sent: too many today", limit=limit.name)
            return False
    return True


def _limits(user_id: str, phone: str, *, carries_code: bool) -> Iterator[tuple[Limit, str]]:
    """Yield the narrowest limit first, so that wider ones do not count a message that it stops."""
    here = settings()
    for name, times, subject in (
        ("sms-person", here.sms_per_person_per_day, user_id),
        ("sms-number", here.sms_per_number_per_day, phone),
        ("sms-range", here.sms_per_range_per_day, number_range(phone)),
        ("sms-country", here.sms_per_country_per_day, country(phone)),
        ("sms", here.sms_per_day, "all"),
    ):
        if carries_code:
            yield Limit(f"{name}-codes", -(-times // 2), DAY_SECONDS), subject
        yield Limit(name, times, DAY_SECONDS), subject
