"""POST /api/v1/orders/preview: what an order would cost, with its voucher."""

from tidings.orders.operations import preview_order
from tidings.platform.entry.rest import rest

handler = rest(preview_order)
