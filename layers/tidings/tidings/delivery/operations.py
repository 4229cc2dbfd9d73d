"""What operators do with suppressions; they find one by an address or an account that they know."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from tidings.delivery.errors import SuppressionNotFound
from tidings.delivery.models import Suppression, SuppressionAct
from tidings.delivery.schemas import SuppressionFilter, SuppressionView
from tidings.delivery.suppression import id_of
from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.storage.sorting import SortOrder
from tidings.platform.timing.clock import now
from tidings.users.contacts import get_contacts

LATEST_FIRST: Final = SortOrder("created_at", descending=True)


def suppression_of(address: str) -> SuppressionView | None:
    """Return the suppression of an address, if it is suppressed."""
    found = Suppression.objects(pk=id_of(address), lifted_at=None).first()
    return None if found is None else SuppressionView.model_validate(found)


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
        yield {"pk": id_of(wanted.address)}
    if wanted.user_id is not None:
        contacts = get_contacts([wanted.user_id]).values()
        yield {"pk__in": [id_of(each.email) for each in contacts]}
