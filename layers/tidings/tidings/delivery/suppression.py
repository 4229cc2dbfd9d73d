"""Suppressed addresses: they get no more mail, after a permanent bounce or a complaint.

Only keyed hashes are stored, so the database does not reveal the addresses. Operators find a
suppression by an address or an account that they know.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from pymongo.errors import DuplicateKeyError

from tidings.delivery.errors import SuppressionNotFound
from tidings.delivery.models import Suppression, SuppressionAct
from tidings.delivery.schemas import SuppressionFilter, SuppressionView
from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.security.signatures import blind_index
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.storage.sorting import SortOrder
from tidings.platform.text.addresses import canonical_of_report
from tidings.platform.timing.clock import now
from tidings.users.contact_points import get_contacts

HARD_BOUNCE: Final = "hard_bounce"
EMAIL: Final = "email"
LATEST_FIRST: Final = SortOrder("created_at", descending=True)


def suppressed(addresses: Iterable[str]) -> Mapping[str, str]:
    """Return the reasons of those addresses that are suppressed, in one round trip."""
    by_address = {address: _id(address) for address in addresses}
    if not by_address:
        return {}
    where = {"_id": {"$in": list(set(by_address.values()))}, "lifted_at": None}
    found = Suppression._get_collection().find(where, ["reason"])
    reasons = {each["_id"]: each["reason"] for each in found}
    return {address: reasons[id_] for address, id_ in by_address.items() if id_ in reasons}


def suppression_of(address: str) -> SuppressionView | None:
    """Return the suppression of an address, if it is suppressed."""
    found = Suppression.objects(pk=_id(address), lifted_at=None).first()
    return None if found is None else SuppressionView.model_validate(found)


def suppress(address: str, reason: str, *, at: datetime | None = None) -> None:
    """Suppress an address; the first reason stays.

    If an operator lifted the suppression, only a later report suppresses the address again.
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
        logger.info("address not changed: suppressed before, or lifted later", reason=reason)
    else:
        logger.info("address suppressed", reason=reason)


@operation(role=Role.OPERATOR, writes=False)
def get_suppressions(
    page: PageRequest, *, caller: Principal, wanted: SuppressionFilter | None = None
) -> Page[SuppressionView]:
    """Return a page of suppressions, latest first; they do not reveal the address.

    Raises:
        Forbidden: the caller is not an operator.
        UnknownCursor: the cursor is not valid for this list.
    """
    require(caller, Role.OPERATOR)
    found = Suppression.objects
    for condition in _conditions(wanted or SuppressionFilter()):
        found = found.filter(**condition)
    return paginate(found, page, LATEST_FIRST).map(SuppressionView.model_validate)


@operation(role=Role.OPERATOR, refuses=(SuppressionNotFound,))
def lift_suppression(
    suppression_id: str, reason: str, *, caller: Principal, at: datetime | None = None
) -> SuppressionView:
    """Lift a suppression; the operator, the time and the reason are stored with it for 30 days.

    A suppression that was lifted before does not change.

    Raises:
        Forbidden: the caller is not an operator.
        SuppressionNotFound: no suppression has this id.
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
        acts.changed({"lifted": False}, {"lifted": True})
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
    return blind_index("suppression", canonical_of_report(address))
