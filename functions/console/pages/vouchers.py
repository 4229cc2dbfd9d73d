"""The vouchers: their list, one with its orders, and its end."""

from collections.abc import Mapping
from typing import Final

from tidings.orders.queries import get_orders
from tidings.orders.schemas import OrderListQuery
from tidings.platform.errors import Conflict
from tidings.platform.inputs.parsing import parsed
from tidings.vouchers.fields import VoucherState
from tidings.vouchers.operations import update_voucher
from tidings.vouchers.queries import get_voucher, get_vouchers
from tidings.vouchers.schemas import UpdateVoucher, VoucherListQuery
from web.views import Redirect, View
from web.visits import Visit

KINDS: Final[Mapping[VoucherState, str]] = {
    VoucherState.UPCOMING: "wait",
    VoucherState.ACTIVE: "good",
    VoucherState.USED_UP: "bad",
    VoucherState.EXPIRED: "off",
    VoucherState.ENDED: "off",
}
"""The look of each state; its word tells it, too."""

# The filter by `ended`, and the key of its text.
CHOICES: Final = (("", "all"), ("false", "open"), ("true", "ended"))


def show_list(visit: Visit) -> View:
    """Return the list, newest first."""
    names = ("code", "ended", "page")
    wanted = parsed(VoucherListQuery, {n: v for n in names if (v := visit.asked(n))})
    code, ended = wanted.code or "", visit.asked("ended")
    values = {
        "found": get_vouchers(wanted, wanted, caller=visit.caller),
        "code": code,
        "ended": ended,
        "choices": CHOICES,
        "kinds": KINDS,
        "pages": lambda number: visit.link("vouchers", code=code, ended=ended, page=number),
    }
    return View("vouchers.html", visit.texts("vouchers.title"), values)


def show(visit: Visit) -> View:
    """Return a voucher with its orders.

    Raises:
        VoucherNotFound: it does not exist.
    """
    return _page(visit)


def ask_to_end(visit: Visit) -> View:
    """Return the page that asks whether to end a voucher.

    Raises:
        VoucherNotFound: it does not exist.
    """
    voucher = get_voucher(visit.path["voucher_id"], caller=visit.caller)
    values = {"voucher": voucher, "kinds": KINDS}
    return View("voucher_end.html", visit.texts("voucher_end.title"), values)


def end(visit: Visit) -> View | Redirect:
    """End a voucher; if it was edited meanwhile, show it again with the reason."""
    voucher = get_voucher(visit.path["voucher_id"], caller=visit.caller)
    change = parsed(UpdateVoucher, {"version": voucher.version, "ended": True})
    try:
        update_voucher(voucher.id, change, caller=visit.caller)
    except Conflict as refused:
        return _page(visit, refused.message, refused.status)
    return Redirect(f"vouchers/{voucher.id}", notice="voucher_ended")


def _page(visit: Visit, refusal: str = "", status: int = 200) -> View:
    voucher = get_voucher(visit.path["voucher_id"], caller=visit.caller)
    page = {"page": page} if (page := visit.asked("page")) else {}
    wanted = parsed(OrderListQuery, {"voucher_id": voucher.id, **page})
    values = {
        "voucher": voucher,
        "orders": get_orders(wanted, wanted, caller=visit.caller),
        "kinds": KINDS,
        "refusal": refusal,
        "pages": lambda number: visit.link("vouchers", voucher.id, page=number),
    }
    return View("voucher.html", voucher.name, values, status)
