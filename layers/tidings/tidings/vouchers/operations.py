"""Operations on vouchers."""

from datetime import datetime
from typing import Any, Final

from mongoengine import NotUniqueError

from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import now
from tidings.users.queries import known_user_ids
from tidings.vouchers.codes import new_code
from tidings.vouchers.discounts import hundredths_of
from tidings.vouchers.errors import (
    CodeIsGenerated,
    CodeTaken,
    CustomerMissing,
    CustomerNotAsked,
    DiscountUnclear,
    PeriodEmpty,
    StaleVoucher,
    UnknownCustomer,
    VoucherNotFound,
)
from tidings.vouchers.models import Voucher
from tidings.vouchers.queries import find_voucher, view_of
from tidings.vouchers.schemas import CreateVoucher, UpdateVoucher, VoucherView, check_period

# The audit trail shows these values. A code is money for everyone who knows it.
TOLD: Final = (
    *("reach", "amount", "hundredths", "currency", "minimum", "valid_from", "valid_until"),
    *("total_limit", "customer_limit", "ended"),
)


@operation(
    role=Role.OPERATOR,
    refuses=(
        *(DiscountUnclear, CustomerMissing, CustomerNotAsked, UnknownCustomer),
        *(CodeIsGenerated, CodeTaken, PeriodEmpty),
    ),
)
def create_voucher(
    new: CreateVoucher, *, caller: Principal, at: datetime | None = None
) -> VoucherView:
    """Create a voucher.

    Raises:
        UnknownCustomer: the customer of a personal voucher does not exist.
        CodeTaken: another voucher has this code.
    """
    if new.customer_id is not None and new.customer_id not in known_user_ids([new.customer_id]):
        raise UnknownCustomer
    moment = at or now()
    voucher = Voucher(
        **new.model_dump(exclude={"code", "percent", "reach"}),
        code=new.code or new_code(),
        reach=new.reach.value,
        hundredths=None if new.percent is None else hundredths_of(new.percent),
        created_at=moment,
        updated_at=moment,
    )
    try:
        voucher.save(force_insert=True)
    except NotUniqueError:
        raise CodeTaken from None
    acts.changed(after=_told(voucher))
    logger.info("voucher created", voucher_id=voucher.id)
    return view_of(voucher, moment)


@operation(role=Role.OPERATOR, refuses=(VoucherNotFound, StaleVoucher, PeriodEmpty))
def update_voucher(
    voucher_id: str, change: UpdateVoucher, *, caller: Principal, at: datetime | None = None
) -> VoucherView:
    """Change a voucher's name, period or limits, or end it.

    Orders that have the voucher keep it. A change without effect makes no new version, so a
    repeated request has the same answer.

    Raises:
        VoucherNotFound: the voucher does not exist.
        StaleVoucher: the voucher no longer has the version of the change.
        PeriodEmpty: it would end before it begins.
    """
    voucher, moment = find_voucher(voucher_id), at or now()
    changed = _changed(voucher, change)
    if not changed:
        return view_of(voucher, moment)
    if voucher.version != change.version:
        raise StaleVoucher(voucher.version)
    before = _told(voucher)
    for name, value in changed.items():
        setattr(voucher, name, value)
    check_period(voucher.valid_from, voucher.valid_until)
    stored = Voucher.objects(pk=voucher_id, version=change.version).modify(
        new=True,
        inc__version=1,
        set__updated_at=moment,
        **{f"set__{name}": value for name, value in changed.items()},
    )
    if stored is None:
        raise StaleVoucher(find_voucher(voucher_id).version)
    acts.changed(before | {"version": change.version}, _told(stored) | {"version": stored.version})
    logger.info("voucher changed", voucher_id=voucher_id, changed=sorted(changed))
    return view_of(stored, moment)


def _changed(voucher: Voucher, change: UpdateVoucher) -> dict[str, Any]:
    """Return the named fields that differ."""
    named = {name: getattr(change, name) for name in change.model_fields_set - {"version"}}
    return {name: value for name, value in named.items() if value != getattr(voucher, name)}


def _told(voucher: Voucher) -> dict[str, Any]:
    return {name: getattr(voucher, name) for name in TOLD}
