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
from tidings.users.simulated import Outcome, of_address

HARD_BOUNCE: Final = "hard_bounce"
EMAIL: Final = "email"


def suppressed(addresses: Iterable[str]) -> Mapping[str, str]:
    """Return the reasons of those addresses that are suppressed, in one round trip.

    Of the simulated addresses one is always suppressed, and the others never.
    """
    wanted = set(addresses)
    simulated = {each: HARD_BOUNCE for each in wanted if of_address(each) is Outcome.SUPPRESSED}
    by_address = {each: id_of(each) for each in wanted if of_address(each) is None}
    if not by_address:
        return simulated
    where = {"_id": {"$in": list(set(by_address.values()))}, "lifted_at": None}
    found = Suppression._get_collection().find(where, ["reason"])
    reasons = {each["_id"]: each["reason"] for each in found}
    found_reasons = {each: reasons[id_] for each, id_ in by_address.items() if id_ in reasons}
    return found_reasons | simulated


def suppress(address: str, reason: str, *, at: datetime | None = None) -> None:
    """Suppress an address; the first reason stays.

    If an operator lifted the suppression, only a later report suppresses the address again. A
    simulated address is not suppressed, so that the next test has the same outcome.
    """
    if of_address(address) is not None:
        logger.info("address not suppressed: it is simulated", reason=reason)
        return
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
