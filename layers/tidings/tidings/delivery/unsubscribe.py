"""Links in mails that unsubscribe from a category without signing in (RFC 8058).

A link is signed and does not expire. It only switches off email of one category; a repeated click
changes nothing. The mail's notification is recorded, so that campaigns can count unsubscriptions.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tidings.delivery.errors import BadUnsubscribeLink
from tidings.delivery.models import Unsubscription
from tidings.delivery.schemas import UnsubscribeLink, UnsubscriptionView
from tidings.delivery.unsubscribe_links import PURPOSE
from tidings.platform.logging import logger
from tidings.platform.security.auth import Principal, Role, require_self
from tidings.platform.security.signatures import is_signed
from tidings.platform.timing.clock import now
from tidings.products import subscriptions
from tidings.users import guests
from tidings.users.errors import UserNotFound
from tidings.users.operations import update_user_preferences
from tidings.users.preferences import ChannelsChoice, UpdatePreferences
from tidings.users.queries import get_user

MAX_UNSUBSCRIPTIONS: Final = 1000
_TOKEN: Final = re.compile(r"([0-9a-f]{24})\.([a-z]{1,20})\.([A-Za-z0-9_-]{1,64})\.([\w-]{24})")


def read_link(token: str) -> UnsubscribeLink:
    """Return the content of a link without changing anything, because mail scanners follow links.

    Raises:
        BadUnsubscribeLink: we did not make the link.
    """
    parts = _TOKEN.fullmatch(token)
    if parts is None or not is_signed(PURPOSE, token.rpartition(".")[0], parts[4]):
        raise BadUnsubscribeLink
    return UnsubscribeLink.model_validate(
        {"user_id": parts[1], "category": parts[2], "notification_id": parts[3]}
    )


def unsubscribe(token: str, *, at: datetime | None = None) -> UnsubscribeLink:
    """Switch off email of the link's category for its person; a repeated call changes nothing.

    A guest is deleted with all that it waits for.

    Raises:
        BadUnsubscribeLink: we did not make the link, or the account is deleted.
    """
    link = read_link(token)
    person = Principal(user_id=link.user_id, role=Role.CUSTOMER)
    try:
        chosen = get_user(link.user_id, caller=person).preferences
        if getattr(chosen, link.category).email:
            off = UpdatePreferences.model_validate({link.category: ChannelsChoice(email=False)})
            update_user_preferences(link.user_id, off, caller=person)
    except UserNotFound:
        _forget_guest(link)
    _note(link, at or now())
    return link


def unsubscribed(notification_ids: Iterable[str]) -> frozenset[str]:
    """Return those of these notifications whose link a person used to unsubscribe."""
    return frozenset(Unsubscription.objects(pk__in=list(notification_ids)).scalar("pk"))


def get_unsubscriptions(user_id: str, *, caller: Principal) -> list[UnsubscriptionView]:
    """Return the links that a person used, newest first, at most `MAX_UNSUBSCRIPTIONS`.

    Raises:
        Forbidden: they belong to another user, and the caller is not an operator.
    """
    require_self(caller, user_id)
    found = Unsubscription.objects(user_id=user_id).order_by("-created_at")
    return [UnsubscriptionView.model_validate(each) for each in found.limit(MAX_UNSUBSCRIPTIONS)]


def _forget_guest(link: UnsubscribeLink) -> None:
    """Delete the guest of a link, unless that is done.

    Raises:
        BadUnsubscribeLink: there is no such guest.
    """
    was_there = guests.forget(link.user_id)
    subscriptions.forget(link.user_id)
    done = Unsubscription.objects(pk=link.notification_id, user_id=link.user_id).only("id").first()
    if not was_there and done is None:
        raise BadUnsubscribeLink


def _note(link: UnsubscribeLink, at: datetime) -> None:
    content = {"user_id": link.user_id, "category": link.category, "created_at": at}
    Unsubscription._get_collection().update_one(
        {"_id": link.notification_id}, {"$setOnInsert": content}, upsert=True
    )
    logger.info("unsubscribed", category=link.category, notification_id=link.notification_id)
