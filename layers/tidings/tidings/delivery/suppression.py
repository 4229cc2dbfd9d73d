"""Suppressed addresses: they get no more mail, after a permanent bounce or a complaint.

Only keyed hashes are stored, so the database does not reveal the addresses.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from pymongo.errors import DuplicateKeyError

from tidings.delivery.models import Suppression
from tidings.platform.logging import logger
from tidings.platform.security.signatures import blind_index
from tidings.platform.text.addresses import canonical_of_report
from tidings.platform.timing.clock import now

HARD_BOUNCE: Final = "hard_bounce"
EMAIL: Final = "email"


def suppressed(addresses: Iterable[str]) -> Mapping[str, str]:
    """Return the reasons of those addresses that are suppressed, in one round trip."""
    by_address = {address: id_of(address) for address in addresses}
    if not by_address:
        return {}
    where = {"_id": {"$in": list(set(by_address.values()))}, "lifted_at": None}
    found = Suppression._get_collection().find(where, ["reason"])
    reasons = {each["_id"]: each["reason"] for each in found}
    return {address: reasons[id_] for address, id_ in by_address.items() if id_ in reasons}


def suppress(address: str, reason: str, *, at: datetime | None = None) -> None:
    """Suppress an address; the first reason stays.

    If an operator lifted the suppression, only a later report suppresses the address again.
    """
    at = at or now()
    try:
        Suppression._get_collection().update_one(
            {"_id": id_of(address), "lifted_at": {"$lt": at}},
            {
                "$set": {"channel": EMAIL, "reason": reason, "created_at": at},
                "$unset": {"lifted_at": ""},
            },
            upsert=True,
        )
    except DuplicateKeyError:
        logger.info("address not changed: suppressed before, or lifted later", reason=reason)
    else:
        logger.info("address suppressed", reason=reason)


def id_of(address: str) -> str:
    """Return the id of an address's suppression: a keyed hash."""
    return blind_index("suppression", canonical_of_report(address))
