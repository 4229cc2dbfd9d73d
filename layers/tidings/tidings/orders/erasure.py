"""Forgetting a person: their orders stay, as the shop must keep them, without their words."""

from typing import Final

from tidings.orders.models import Order
from tidings.platform.logging import logger

ERASED: Final = "erased"


def forget_words(user_id: str) -> None:
    """Erase what a customer wrote: reasons of steps that they took, and keys of their placings."""
    Order.objects(customer_id=user_id, idempotency_key__ne=None).update(
        unset__idempotency_key=True, unset__idempotency_digest=True
    )
    own = {"user_id": user_id, "reason": {"$nin": [None, ERASED]}}
    written = {"customer_id": user_id, "history": {"$elemMatch": own}}
    for order in Order.objects(__raw__=written).only("history").no_cache():
        # A step that was taken stays as it is: its place in the history does not change.
        reasons = {
            f"set__history__{place}__reason": ERASED
            for place, step in enumerate(order.history)
            if step.user_id == user_id and step.reason is not None
        }
        Order.objects(pk=order.id).update_one(**reasons)
    logger.info("order words forgotten", user_id=user_id)
