"""POST /api/v1/vouchers: create a voucher."""

from tidings.platform.entry.rest import rest
from tidings.vouchers.operations import create_voucher

handler = rest(create_voucher, status=201)
