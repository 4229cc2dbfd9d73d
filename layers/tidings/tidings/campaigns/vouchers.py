"""The voucher that a campaign names: each person is told a code, in `voucher_code`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tidings.campaigns.errors import UnknownVoucher, VoucherForOne, VoucherOver
from tidings.campaigns.models import Campaign
from tidings.platform.timing.clock import now
from tidings.vouchers.errors import VoucherNotFound
from tidings.vouchers.fields import VoucherReach, VoucherState
from tidings.vouchers.queries import codes_for, voucher_view

VOUCHER_CODE: Final = "voucher_code"
# It stands for a person's part of the code in samples; no code has these letters.
SAMPLE: Final = "SAMPLE"
OVER: Final = frozenset({VoucherState.ENDED, VoucherState.EXPIRED})


def check_voucher(campaign: Campaign, at: datetime | None = None) -> None:
    """Check that a campaign's voucher, if it names one, can be told to its audience.

    Args:
        at: the time of the campaign's next run, if it has one.

    Raises:
        UnknownVoucher: the voucher does not exist.
        VoucherForOne: the voucher is for one customer.
        VoucherOver: the voucher is ended, or no longer valid then.
    """
    if campaign.voucher_id is None:
        return
    try:
        voucher = voucher_view(campaign.voucher_id, at or now())
    except VoucherNotFound:
        raise UnknownVoucher from None
    if voucher.reach is VoucherReach.CUSTOMER:
        raise VoucherForOne
    if at is not None and voucher.state in OVER:
        raise VoucherOver


def voucher_variables(campaign: Campaign) -> dict[str, str]:
    """Return the variables of the voucher in a sample of the campaign's message."""
    if campaign.voucher_id is None:
        # Otherwise the template's sample of a code would be shown instead of the text.
        return {VOUCHER_CODE: ""} if campaign.voucher else {}
    voucher = voucher_view(campaign.voucher_id, now())
    personal = voucher.reach is VoucherReach.CAMPAIGN
    return {VOUCHER_CODE: f"{voucher.code}-{SAMPLE}" if personal else voucher.code}


def voucher_codes(campaign: Campaign, user_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the variables of the voucher for each of these people, by user id."""
    if campaign.voucher_id is None:
        return {}
    codes = codes_for(campaign.voucher_id, user_ids)
    return {user_id: {VOUCHER_CODE: code} for user_id, code in codes.items()}
