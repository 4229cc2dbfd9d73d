"""Addresses that get no more mail: they bounced for good, or their owner complained.

Only keyed hashes are kept: whoever reads the database cannot tell whose they are.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from tidings.delivery.models import Suppression
from tidings.platform.clock import now
from tidings.platform.logging import logger
from tidings.platform.signatures import blind_index

HARD_BOUNCE: Final = "hard_bounce"


def suppressed(addresses: Iterable[str]) -> Mapping[str, str]:
    """Return the reason of each of these addresses that gets no mail, in one round trip."""
    by_id = {_id(address): address for address in addresses}
    if not by_id:
        return {}
    found = Suppression.objects(pk__in=list(by_id)).scalar("pk", "reason")
    return {by_id[id_]: reason for id_, reason in found}


def suppress(address: str, reason: str, *, at: datetime | None = None) -> None:
    """Send no more mail to an address; the first reason stays."""
    Suppression._get_collection().update_one(
        {"_id": _id(address)},
        {"$setOnInsert": {"reason": reason, "created_at": at or now()}},
        upsert=True,
    )
    logger.info("address suppressed", reason=reason)


def lift(address: str) -> bool:
    """Let an address have mail again; say whether it had none."""
    return bool(Suppression.objects(pk=_id(address)).delete())


def _id(address: str) -> str:
    return blind_index("suppression", address.strip().lower())
