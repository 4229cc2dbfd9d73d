"""Addresses that get no more mail: search by an address or an account, and lift."""

from typing import Any, Final

from tidings.delivery.operations import get_suppressions, lift_suppression
from tidings.delivery.schemas import LiftSuppression, SuppressionFilter
from tidings.platform.errors import InvalidInput
from tidings.platform.inputs.parsing import parsed
from tidings.platform.storage.pagination import PageRequest
from web.views import Answered, Redirect, View
from web.visits import Visit

PLACE: Final = "suppressions"
PER_PAGE: Final = 25


def show(visit: Visit) -> View:
    """Return the list, latest first."""
    return _list(visit, {"lifted": visit.asked("lifted") == "true"})


def act(visit: Visit) -> Answered:
    """Search by a person or an address, which must not be in an address line, or lift."""
    if visit.form.one("step") != "lift":
        return _search(visit)
    suppression_id = visit.form.one("suppression_id")
    try:
        wanted = parsed(LiftSuppression, {"reason": visit.form.one("reason")})
    except InvalidInput as error:
        return _list(visit, {}, wrong=error.message, status=error.status)
    lift_suppression(suppression_id, wanted.reason, caller=visit.caller)
    return Redirect(PLACE, notice="lifted")


def _search(visit: Visit) -> View:
    asked = visit.form.filled("address", "user_id")
    try:
        return _list(visit, asked)
    except InvalidInput as error:
        return _list(visit, {}, wrong=error.message, status=error.status)


def _list(visit: Visit, asked: dict[str, Any], *, wrong: str = "", status: int = 200) -> View:
    page = get_suppressions(
        parsed(PageRequest, {"limit": PER_PAGE, "after": visit.asked("after") or None}),
        caller=visit.caller,
        wanted=parsed(SuppressionFilter, asked),
    )
    lifted = bool(asked.get("lifted"))
    at = {"lifted": "true"} if lifted else {}
    following = page.cursors[-1] if page.has_next else None
    values = {
        "suppressions": page,
        "asked": asked,
        "lifted": lifted,
        "first": visit.link(PLACE, **at),
        "following": following and visit.link(PLACE, **at, after=following),
        "wrong": wrong,
    }
    return View("suppressions.html", visit.texts("suppressions.title"), values, status=status)
