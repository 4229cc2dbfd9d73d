"""Queries of vouchers."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.storage.rows import rows
from tidings.platform.timing.clock import now
from tidings.vouchers.codes import personal_codes
from tidings.vouchers.discounts import percent_of
from tidings.vouchers.errors import VoucherNotFound
from tidings.vouchers.fields import VoucherReach
from tidings.vouchers.models import Voucher
from tidings.vouchers.schemas import VoucherFilter, VoucherView


@operation(role=Role.OPERATOR, refuses=(VoucherNotFound,), writes=False)
def get_voucher(voucher_id: str, *, caller: Principal, at: datetime | None = None) -> VoucherView:
    """Return a voucher.

    Raises:
        VoucherNotFound: the voucher does not exist.
    """
    return view_of(find_voucher(voucher_id), at or now())


@operation(role=Role.OPERATOR, writes=False)
def get_vouchers(
    page: PageRequest, wanted: VoucherFilter, *, caller: Principal, at: datetime | None = None
) -> Page[VoucherView]:
    """Return a page of the vouchers, newest first."""
    moment = at or now()
    conditions = {"code": wanted.code, "ended": wanted.ended}
    found = Voucher.objects(**{k: v for k, v in conditions.items() if v is not None})
    return paginate(found, page).map(lambda voucher: view_of(voucher, moment))


def voucher_view(voucher_id: str, at: datetime) -> VoucherView:
    """Return a voucher with its state at a time, without checking the caller's rights.

    Raises:
        VoucherNotFound: the voucher does not exist.
    """
    return view_of(find_voucher(voucher_id), at)


def vouchers_of(customer_id: str, at_most: int) -> list[VoucherView]:
    """Return the vouchers for one customer, newest first, without checking the caller's rights."""
    found = Voucher.objects(customer_id=customer_id).order_by("-id").limit(at_most)
    return [view_of(each, now()) for each in rows(found)]


def codes_for(voucher_id: str, user_ids: Iterable[str]) -> dict[str, str]:
    """Return the code of a voucher that each of these people may use.

    Raises:
        VoucherNotFound: the voucher does not exist.
    """
    voucher = find_voucher(voucher_id)
    match VoucherReach(voucher.reach):
        case VoucherReach.CAMPAIGN:
            return personal_codes(voucher.key, voucher.code, user_ids)
        case VoucherReach.ANYONE:
            return dict.fromkeys(user_ids, voucher.code)
        case VoucherReach.CUSTOMER:
            return {each: voucher.code for each in user_ids if each == voucher.customer_id}


def find_voucher(voucher_id: str) -> Voucher:
    """Return a voucher's document.

    Raises:
        VoucherNotFound: the voucher does not exist.
    """
    voucher: Voucher | None = Voucher.objects(pk=voucher_id).first()
    if voucher is None:
        raise VoucherNotFound
    return voucher


def view_of(voucher: Any, at: datetime) -> VoucherView:
    """Return a voucher's view, with its state at a time."""
    copied = (
        *("id", "code", "name", "customer_id", "amount", "currency", "minimum", "valid_from"),
        *("valid_until", "total_limit", "customer_limit", "ended", "uses", "discounted"),
        *("version", "created_at", "updated_at"),
    )
    hundredths = voucher.hundredths
    return VoucherView.model_construct(
        **{name: getattr(voucher, name) for name in copied},
        reach=VoucherReach(voucher.reach),
        percent=None if hundredths is None else percent_of(hundredths),
        state=voucher.state_at(at),
    )
