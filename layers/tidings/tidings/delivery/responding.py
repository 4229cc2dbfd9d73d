"""Record that a campaign's mail was opened or clicked, if its reader agrees; show it to them."""

import hashlib
from datetime import datetime
from typing import Any, Final

from pymongo.errors import PyMongoError

from tidings.delivery.models import MailResponse
from tidings.delivery.schemas import MailResponseView
from tidings.delivery.tracking_links import read_click, read_open
from tidings.platform.context import caller_address
from tidings.platform.errors import RateLimited
from tidings.platform.logging import logger
from tidings.platform.security.auth import Principal, require_self
from tidings.platform.security.limits import Limit, network_of
from tidings.platform.settings import settings
from tidings.platform.timing.clock import now
from tidings.users.contacts import get_contacts

# A mail program may load a picture each time that it shows the mail.
MAX_COUNT: Final = 1_000
# A mail provider loads the pictures of all its users from a few addresses.
PER_MINUTE: Final = 3_000
MAX_RESPONSES: Final = 1_000


def record_open(token: str, *, counts: bool = True, at: datetime | None = None) -> None:
    """Record that a mail was opened, if its reader agrees to that.

    Args:
        counts: False for a call that no reader made, which changes nothing.

    Raises:
        BadMailLink: we did not make the address.
    """
    notification_id = read_open(token)
    if counts:
        moment = at or now()
        _record(notification_id, {"opens": 1}, {"opened_at": moment}, {}, "opens")


def record_click(token: str, *, counts: bool = True, at: datetime | None = None) -> str:
    """Record that a link was clicked, if its reader agrees to that; return where it leads.

    Args:
        counts: False for a call that no reader made, which changes nothing.

    Raises:
        BadMailLink: we did not make the link.
    """
    notification_id, url = read_click(token)
    if counts:
        moment = at or now()
        link = f"links.{hashlib.sha256(url.encode()).hexdigest()[:12]}"
        first = {"opened_at": moment, "clicked_at": moment, f"{link}.first_at": moment}
        count = f"{link}.count"
        _record(notification_id, {count: 1}, first, {f"{link}.url": url}, count)
    return url


def get_mail_responses(user_id: str, *, caller: Principal) -> list[MailResponseView]:
    """Return what is recorded about a person's mails, newest first, at most `MAX_RESPONSES`.

    Raises:
        Forbidden: it belongs to another user, and the caller is not an operator.
    """
    require_self(caller, user_id)
    found = MailResponse.objects(user_id=user_id).order_by("-id").limit(MAX_RESPONSES)
    return [MailResponseView.of(each) for each in found]


def _record(
    notification_id: str,
    counts: dict[str, int],
    first: dict[str, datetime],
    values: dict[str, str],
    bounded: str,
) -> None:
    """Record a response, unless the mail is not recorded or its reader no longer agrees.

    The mail's document is changed and never created here. So nothing is stored again after it was
    deleted with the consent. If a service is unavailable, the response is lost: the reader's link
    works all the same.
    """
    allowance = settings().address_allowance
    limit = Limit("mail_responses", PER_MINUTE * allowance, 60)
    try:
        limit.take_if_counted(network_of(caller_address()))
        response = MailResponse.objects(pk=notification_id).only("user_id").first()
        if response is None:
            return
        contact = get_contacts([response.user_id], with_devices=False).get(response.user_id)
        if contact is None or not contact.preferences.tracking:
            return
        update: dict[str, Any] = {"$min": first}
        if values:
            update["$set"] = values
        MailResponse._get_collection().update_one(
            # Not `$lt`, because a link that was never clicked has no count.
            {"_id": notification_id, bounded: {"$not": {"$gte": MAX_COUNT}}},
            update | {"$inc": counts},
        )
    except RateLimited:
        logger.warning("response to a mail not recorded: too many from this network")
    except PyMongoError as error:
        logger.warning(
            "response to a mail not recorded: MongoDB failed", reason=type(error).__name__
        )
