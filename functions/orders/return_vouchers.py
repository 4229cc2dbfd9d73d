"""Consumer of the queue `vouchers`: gives back the vouchers of orders that fell through.

- order.rejected: gives back the order's voucher
- order.cancelled: gives back the order's voucher
"""

from tidings.orders.events import OrderCancelled, OrderRejected
from tidings.orders.vouchers import return_voucher_of
from tidings.platform.entry.consumer import consumer


@consumer(OrderRejected, OrderCancelled)
def handler(event: OrderRejected | OrderCancelled) -> None:
    return_voucher_of(event)
