"""Addresses that get no more mail: they bounced for good, or their owner complained.

Only keyed hashes are kept: whoever reads the database cannot tell whose they are, and operators
find one by the address or the account that somebody named to them.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from pymongo.errors import DuplicateKeyError

from tidings.delivery.errors import SuppressionNotFound
from tidings.delivery.models import Suppression, SuppressionAct
from tidings.delivery.schemas import SuppressionFilter, SuppressionView
from tidings.platform.auth import Principal, Role, require
from tidings.platform.clock import now
from tidings.platform.logging import logger
from tidings.platform.pagination import Page, PageRequest, paginate
from tidings.platform.signatures import blind_index
from tidings.platform.sorting import SortOrder
from tidings.users.contact_points import get_contacts

HARD_BOUNCE: Final = "hard_bounce"
EMAIL: Final = "email"
LATEST_FIRST: Final = SortOrder("created_at", descending=True)


def suppressed(addresses: Iterable[str]) -> Mapping[str, str]:
    """Return the reason of each of these addresses that gets no mail, in one round trip."""
    by_id = {_id(address): address for address in addresses}
    if not by_id:
        return {}
    found = Suppression.objects(pk__in=list(by_id), lifted_at=None).scalar("pk", "reason")
    return {by_id[id_]: reason for id_, reason in found}


def suppress(address: str, reason: str, *, at: datetime | None = None) -> None:
    """Send no more mail to an address; the first reason stays.

    Where an operator lifted it, only what happened after that suppresses it anew.
    """
    at = at or now()
    try:
        Suppression._get_collection().update_one(
            {"_id": _id(address), "lifted_at": {"$lt": at}},
            {
                "$set": {"channel": EMAIL, "reason": reason, "created_at": at},
                "$unset": {"lifted_at": ""},
            },
            upsert=True,
        )
    except DuplicateKeyError:
        logger.info("address was suppressed, or let go, before", reason=reason)
    else:
        logger.info("address suppressed", reason=reason)


def get_suppressions(
    page: PageRequest, *, caller: Principal, wanted: SuppressionFilter | None = None
) -> Page[SuppressionView]:
    """Return a page of what is suppressed, the latest first; nobody learns whose it is.

    Raises:
        Forbidden: the caller is no operator.
        UnknownCursor: the cursor is not one that was handed out.
    """
    require(caller, Role.OPERATOR)
    found = Suppression.objects
    for condition in _conditions(wanted or SuppressionFilter()):
        found = found.filter(**condition)
    return paginate(found, page, LATEST_FIRST).map(SuppressionView.model_validate)


def lift_suppression(
    suppression_id: str, reason: str, *, caller: Principal, at: datetime | None = None
) -> SuppressionView:
    """Let an address have mail again; who, when and why is kept with it for 30 days.

    One that was lifted before stays as it is.

    Raises:
        Forbidden: the caller is no operator.
        SuppressionNotFound: there is none with this id.
    """
    require(caller, Role.OPERATOR)
    at = at or now()
    act = SuppressionAct(act="lifted", by=caller.user_id, at=at, reason=reason)
    lifted = Suppression.objects(pk=suppression_id, lifted_at=None).update_one(
        set__lifted_at=at, push__acts=act
    )
    suppression = Suppression.objects(pk=suppression_id).first()
    if suppression is None:
        raise SuppressionNotFound
    if lifted:
        logger.info(
            "suppression lifted", by=caller.user_id, suppression_id=suppression_id, reason=reason
        )
    return SuppressionView.model_validate(suppression)


def _conditions(wanted: SuppressionFilter) -> Iterator[dict[str, Any]]:
    yield {"lifted_at__ne": None} if wanted.lifted else {"lifted_at": None}
    if wanted.channel is not None:
        yield {"channel": wanted.channel}
    if wanted.address is not None:
        yield {"pk": _id(wanted.address)}
    if wanted.user_id is not None:
        contacts = get_contacts([wanted.user_id]).values()
        yield {"pk__in": [_id(each.email) for each in contacts]}


def _id(address: str) -> str:
    return blind_index("suppression", address.strip().lower())
