"""Write the audit trail: an entry before an act, and its end after it (docs/decisions/0165)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from pymongo.errors import PyMongoError

from tidings.platform.acts import Act, acting
from tidings.platform.auditing.budget import Budget
from tidings.platform.auditing.entries import AuditEntry, AuditOutcome
from tidings.platform.auditing.recording import Recording
from tidings.platform.context import correlation_id
from tidings.platform.errors import RateLimited, TidingsError
from tidings.platform.logging import logger
from tidings.platform.security.auth import Principal
from tidings.platform.settings import settings
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_id, now

# A caller without rights must not fill the trail.
REFUSALS_OF_CALLER: Final = Budget(30)
SERVER_ERROR: Final = 500


@dataclass(frozen=True)
class Deed:
    """Who does what: the parts of an entry that are known before the act."""

    actor_id: str
    actor_role: str
    operation: str
    domain: str

    @classmethod
    def of(cls, caller: Principal, operation: str, domain: str) -> Self:
        return cls(caller.user_id, caller.role.value, operation, domain)

    def entry(self, outcome: AuditOutcome, at: datetime, days: int) -> dict[str, Any]:
        """Return a new entry in its stored form."""
        return {
            "_id": new_id(),
            "at": at,
            "actor_id": self.actor_id,
            "actor_role": self.actor_role,
            "operation": self.operation,
            "domain": self.domain,
            **({"correlation_id": found} if (found := correlation_id()) else {}),
            "outcome": outcome.value,
            "expires_at": at + timedelta(days=days),
        }


@contextmanager
def recorded(deed: Deed, act: Act, recording: Recording) -> Iterator[None]:
    """Record the act that this context carries out.

    If the first entry cannot be stored, the act does not begin. If the end of an act that has
    happened cannot be stored, the entry stays `begun`; a read or an act that can be repeated
    fails instead, because there is no entry of it.

    Raises:
        pymongo.errors.PyMongoError: MongoDB is unavailable.
    """
    days = _days(recording)
    entry = deed.entry(AuditOutcome.BEGUN, now(), days) | _told(act)
    if recording.begins:
        _entries().insert_one(entry)
    try:
        with acting(act):
            yield
    except Exception as error:
        # The error of the act is more important than that of its entry.
        if not _leaves_open(error, recording):
            with _tolerantly(deed):
                _finish(entry, _end_of(error) | _told(act), recording)
        raise
    end = {"outcome": AuditOutcome.OK.value} | _told(act)
    with _tolerantly(deed) if recording.begins else nullcontext():
        _finish(entry, end, recording)


def record_refusal(deed: Deed, error: TidingsError) -> None:
    """Record an act that the caller's role does not allow, up to a number in each minute.

    If that fails, the caller is refused all the same.
    """
    if not REFUSALS_OF_CALLER.allows(deed.actor_id):
        return
    with _tolerantly(deed):
        entry = deed.entry(AuditOutcome.BEGUN, now(), settings().audit_days)
        _finish(entry, _end_of(error), Recording.ENDED)


def _finish(entry: Mapping[str, Any], end: Mapping[str, Any], recording: Recording) -> None:
    """Store the end of an act: once, and only into an entry without one."""
    ended = {**end, "ended_at": now()}
    if recording.begins:
        _entries().update_one(
            {"_id": entry["_id"], "outcome": AuditOutcome.BEGUN.value}, {"$set": ended}
        )
    else:
        _entries().insert_one({**entry, **ended})


def _leaves_open(error: Exception, recording: Recording) -> bool:
    """Say whether an error is not recorded as the end of an act.

    Without MongoDB it is unknown whether the act happened, and another command would only wait
    again. A limit that protects the database must not cause a write for each refusal.
    """
    if isinstance(error, PyMongoError):
        return database.is_unavailable(error)
    return isinstance(error, RateLimited) and not recording.begins


def _end_of(error: Exception) -> dict[str, Any]:
    """Return the outcome of an act that raised an error, without the error's text."""
    end: dict[str, Any] = {"outcome": AuditOutcome.FAILED.value, "error": type(error).__name__}
    if isinstance(error, TidingsError):
        refused = error.status < SERVER_ERROR
        end |= {"code": error.code, **({"outcome": AuditOutcome.REFUSED.value} if refused else {})}
    return end


def _told(act: Act) -> dict[str, Any]:
    """Return what is known of an act, in its stored form."""
    told: dict[str, Any] = {}
    if act.targets:
        told["targets"] = [each._asdict() for each in act.targets]
        told["number"] = len(act.known)
    for name, values in (("before", act.before), ("after", act.after)):
        if values:
            told[name] = values
    return told


def _days(recording: Recording) -> int:
    kept = settings().audit_days
    if recording is Recording.ROUTINE:
        return min(kept, settings().audit_routine_days)
    return kept


@contextmanager
def _tolerantly(deed: Deed) -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        logger.error(
            "end of an act not recorded", operation=deed.operation, reason=type(error).__name__
        )


def _entries() -> Any:
    return AuditEntry._get_collection()
