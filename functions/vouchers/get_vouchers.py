"""GET /api/v1/vouchers: the vouchers, newest first."""

from tidings.platform.entry.rest import rest
from tidings.vouchers.queries import get_vouchers
from tidings.vouchers.schemas import VoucherListQuery

handler = rest(get_vouchers, query=VoucherListQuery)
