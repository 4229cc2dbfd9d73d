"""PATCH /api/v1/vouchers/{voucher_id}: change a voucher's name, period or limits, or end it."""

from tidings.platform.entry.rest import rest
from tidings.vouchers.operations import update_voucher

handler = rest(update_voucher)
