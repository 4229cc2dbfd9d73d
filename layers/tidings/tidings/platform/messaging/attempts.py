"""The failed attempts of messages that are tried again, for the explanations of operators.

They are kept in the cache for a day, by the subject of the event. A failing consumer writes them
with the counts that it writes anyway, so a message that is handled at once costs nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from tidings.platform.caching import cache
from tidings.platform.messaging.events import Event
from tidings.platform.messaging.history import Attempt
from tidings.platform.observability import metrics
from tidings.platform.retention import in_redis
from tidings.platform.schema import Schema
from tidings.platform.text.cuts import cut
from tidings.platform.text.masking import masked_text
from tidings.platform.timing.clock import now

KEPT: Final = 20
KEPT_SECONDS: Final = in_redis.ATTEMPTS.seconds
MAX_ERROR_CHARACTERS: Final = 200

# The error that `of_subjects` raises.
AttemptsAway: Final = metrics.CountersAway


class FailedTry(Schema):
    """An attempt that failed, or came too early, and the latest time of the next one."""

    event_id: str
    type: str
    correlation_id: str | None
    queue: str
    function: str
    # Masked, because providers' errors quote addresses.
    error: str
    at: datetime
    next_at: datetime
    is_postponed: bool


def note(
    event: Event | None, queue: str, attempt: Attempt, seconds: float, *, is_postponed: bool = False
) -> None:
    """Note an attempt for the next flush of the counts; of a message that was read.

    Args:
        seconds: the longest wait for the next attempt.
    """
    if event is None:
        return
    failed = FailedTry(
        event_id=event.id,
        type=event.type,
        correlation_id=event.correlationid,
        queue=queue,
        function=attempt.function,
        error=cut(masked_text(attempt.error), MAX_ERROR_CHARACTERS, ellipsis="..."),
        at=datetime.fromisoformat(attempt.at),
        next_at=now() + timedelta(seconds=seconds),
        is_postponed=is_postponed,
    )
    metrics.append(_key(event.subject), failed.model_dump_json(), KEPT, KEPT_SECONDS)


def of_subjects(subjects: Iterable[str]) -> list[FailedTry]:
    """Return the last attempts about each of these subjects, oldest first, in one round trip.

    Raises:
        redis.RedisError: Redis is unavailable.
    """
    pipeline = cache.client().pipeline(transaction=False)
    for subject in dict.fromkeys(subjects):
        pipeline.lrange(_key(subject), 0, KEPT - 1)
    read = (map(_parsed, reversed(texts)) for texts in pipeline.execute())
    found = [each for tried in read for each in tried if each is not None]
    return sorted(found, key=lambda each: each.at)


def _parsed(text: Any) -> FailedTry | None:
    try:
        return FailedTry.model_validate_json(text)
    except ValidationError:  # stored by another version of the code
        return None


def _key(subject: str) -> str:
    return cache.key("attempts", subject)
