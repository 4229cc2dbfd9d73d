"""GET /api/v1/vouchers/{voucher_id}: a voucher with its uses."""

from tidings.platform.entry.rest import rest
from tidings.vouchers.queries import get_voucher

handler = rest(get_voucher)
