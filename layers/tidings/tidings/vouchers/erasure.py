"""Erase a person from vouchers; the uses of their orders stay counted."""

from tidings.platform.logging import logger
from tidings.vouchers.models import Voucher

ERASED = "erased"


def forget(user_id: str) -> None:
    """End the vouchers for one person, and erase the person and the operators' names of them."""
    Voucher.objects(customer_id=user_id).update(
        set__ended=True, set__name=ERASED, unset__customer_id=True, inc__version=1
    )
    logger.info("erasure: person's vouchers ended", user_id=user_id)
