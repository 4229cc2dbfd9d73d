"""Find the voucher of an order, and count its uses in the order's transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo.client_session import ClientSession

from tidings.platform.security.limits import Limit
from tidings.platform.storage.rows import rows_of
from tidings.vouchers import codes
from tidings.vouchers.discounts import discount_on, written
from tidings.vouchers.errors import (
    VoucherEnded,
    VoucherExpired,
    VoucherMinimum,
    VoucherOtherCurrency,
    VoucherTooEarly,
    VoucherUnknown,
    VoucherUsedUp,
)
from tidings.vouchers.fields import VoucherReach, VoucherState
from tidings.vouchers.models import Voucher

# Generated codes cannot be guessed anyway. Codes that a shop chooses, such as SPRING10, can.
UNKNOWN_CODES: Final = Limit("unknown-vouchers", 20, 3600)


@dataclass(frozen=True)
class Offer:
    """What a voucher gives an order; `code` is the code that the customer typed."""

    voucher_id: str
    version: int
    code: str
    discount: int
    total_limit: int | None
    customer_limit: int | None


def offer_for(code: str, *, customer_id: str, subtotal: int, currency: str, at: datetime) -> Offer:
    """Return what a code gives this customer for items of this sum.

    The uses of the customer are not checked. While Redis is unavailable, unknown codes are not
    counted.

    Raises:
        VoucherUnknown: there is no such code, or it is another person's.
        VoucherRefused: the voucher does not fit this order.
        RateLimited: the customer sent too many unknown codes.
    """
    UNKNOWN_CODES.check_if_counted(customer_id)
    voucher = _find(code, customer_id)
    if voucher is None:
        UNKNOWN_CODES.take_if_counted(customer_id)
        raise VoucherUnknown
    _check_state(voucher, at)
    if voucher.currency != currency:
        raise VoucherOtherCurrency(voucher.currency)
    if subtotal < voucher.minimum:
        raise VoucherMinimum(written(voucher.minimum, voucher.currency))
    return Offer(
        voucher_id=voucher.id,
        version=voucher.version,
        code=code,
        discount=discount_on(subtotal, amount=voucher.amount, hundredths=voucher.hundredths),
        total_limit=voucher.total_limit,
        customer_limit=voucher.customer_limit,
    )


def take(offer: Offer, session: ClientSession) -> bool:
    """Count an order of a voucher.

    This is the first write of the transaction: of concurrent orders with one voucher, the others
    stop here and repeat, so each sees all uses before its own.

    Returns:
        False if the voucher was edited or used up since the offer was made.
    """
    conditions: dict[str, Any] = {"_id": offer.voucher_id, "version": offer.version}
    if offer.total_limit is not None:
        conditions["uses"] = {"$lt": offer.total_limit}
    taken = Voucher._get_collection().update_one(
        conditions, {"$inc": {"uses": 1, "discounted": offer.discount}}, session=session
    )
    return bool(taken.modified_count)


def give_back(voucher_id: str, discount: int, session: ClientSession) -> None:
    """Undo the count of an order; the caller makes sure that each order does this once."""
    Voucher._get_collection().update_one(
        {"_id": voucher_id}, {"$inc": {"uses": -1, "discounted": -discount}}, session=session
    )


def _find(code: str, customer_id: str) -> Voucher | None:
    """Return the voucher of a code that this customer may use."""
    wanted = [each for each in (code, codes.shared_part(code)) if each]
    found = Voucher._get_collection().find({"code": {"$in": wanted}}, batch_size=len(wanted) + 1)
    usable = [each for each in rows_of(Voucher, found) if _is_for(each, code, customer_id)]
    return usable[0] if usable else None


def _is_for(voucher: Voucher, code: str, customer_id: str) -> bool:
    match VoucherReach(voucher.reach):
        case VoucherReach.ANYONE:
            return bool(code == voucher.code)
        case VoucherReach.CUSTOMER:
            return bool(code == voucher.code and customer_id == voucher.customer_id)
        case VoucherReach.CAMPAIGN:
            return codes.is_personal_code(code, voucher.key, voucher.code, customer_id)


def _check_state(voucher: Voucher, at: datetime) -> None:
    match voucher.state_at(at):
        case VoucherState.ENDED:
            raise VoucherEnded
        case VoucherState.EXPIRED:
            raise VoucherExpired(voucher.valid_until)
        case VoucherState.USED_UP:
            raise VoucherUsedUp
        case VoucherState.UPCOMING:
            raise VoucherTooEarly(voucher.valid_from)
