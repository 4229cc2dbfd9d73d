"""Erase a person's texts in orders; the shop must keep the orders themselves."""

from typing import Final

from tidings.orders.models import Basket, Order
from tidings.platform.logging import logger

ERASED: Final = "erased"


def forget_words(user_id: str) -> None:
    """Erase the texts that a customer wrote: reasons of steps, idempotency keys, the basket."""
    Order.objects(customer_id=user_id, idempotency_key__ne=None).update(
        unset__idempotency_key=True, unset__content_digest=True
    )
    own = {"user_id": user_id, "reason": {"$nin": [None, ERASED]}}
    written = {"customer_id": user_id, "history": {"$elemMatch": own}}
    for order in Order.objects(__raw__=written).only("history").no_cache():
        # A recorded step never changes its place in the history.
        reasons = {
            f"set__history__{place}__reason": ERASED
            for place, step in enumerate(order.history)
            if step.user_id == user_id and step.reason is not None
        }
        Order.objects(pk=order.id).update_one(**reasons)
    Basket.objects(pk=user_id).delete()
    logger.info("erasure: customer's texts in orders erased", user_id=user_id)
