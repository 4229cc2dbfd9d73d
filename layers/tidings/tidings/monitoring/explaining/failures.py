"""Explain failed messages: each attempt with its error, and what operators did."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from tidings.monitoring.explaining.schemas import ExplainedStep
from tidings.monitoring.models import FailedMessage, FailedState
from tidings.platform.logging import logger
from tidings.platform.messaging.attempts import AttemptsAway, FailedTry, of_subjects
from tidings.platform.messaging.history import REDRIVE
from tidings.platform.storage.rows import rows
from tidings.platform.text.cuts import cut
from tidings.platform.text.masking import masked_text

MAX_ATTEMPTS: Final = 12
MAX_ERROR_CHARACTERS: Final = 200
# What a failed message does in each state.
NOW: Final = {
    FailedState.FAILED: "waits for an operator",
    FailedState.REDRIVING: "is being redriven",
    FailedState.REDRIVEN: "was redriven",
    FailedState.DISCARDED: "was discarded",
}


def failed_messages_about(ids: Sequence[str], at_most: int) -> list[Any]:
    """Return the rows of failed messages that contain one of these ids, oldest first."""
    found = FailedMessage.objects(mentions__in=list(ids)).exclude("body", "mentions")
    return list(rows(found.order_by("failed_at").limit(at_most)))


def failure_steps(message: Any) -> Iterator[ExplainedStep]:
    """Yield the last attempts of a message, its failure, and the actions of operators."""
    about = {
        "queue": message.queue,
        "correlation_id": message.correlation_id,
        "event_id": message.message_id,
        "failed_message_id": message.id,
    }
    attempts = [each for each in message.history if each.function != REDRIVE]
    for attempt in attempts[-MAX_ATTEMPTS:]:
        error = cut(masked_text(attempt.error), MAX_ERROR_CHARACTERS, ellipsis="...")
        yield ExplainedStep(
            at=_time(attempt.at),
            code="message.attempt_failed",
            reason=_kind_of(attempt.error),
            sentence=f"An attempt to handle {message.type} failed: {error}",
            function=attempt.function,
            **about,
        )
    yield ExplainedStep(
        at=message.failed_at,
        code="message.failed",
        reason=_kind_of(message.error),
        sentence=f"{message.type} failed for the last time and became a failed message,"
        f" which {NOW[FailedState(message.state)]}.",
        function=message.function,
        **about,
    )
    for act in message.acts:
        yield ExplainedStep(
            at=act.at,
            code=f"message.{act.act}",
            sentence=f"The failed message {message.type} was {act.act} by {act.by}.",
            **about,
        )


def attempts_about(subjects: Iterable[str]) -> list[FailedTry] | None:
    """Return the attempts of the last day about these subjects; None if the cache is away."""
    try:
        return of_subjects(subjects)
    except AttemptsAway as error:
        logger.warning("attempts left out: Redis did not answer", reason=type(error).__name__)
        return None


def attempt_steps(tried: Iterable[FailedTry], failed: Sequence[Any]) -> Iterator[ExplainedStep]:
    """Yield the attempts that are not in the history of one of these failed messages."""
    told = {
        (message.message_id, message.queue, _time(each.at))
        for message in failed
        for each in message.history
    }
    for each in tried:
        if (each.event_id, each.queue, each.at) not in told:
            yield _attempt_step(each)


def _attempt_step(tried: FailedTry) -> ExplainedStep:
    until = f"The next attempt is at {tried.next_at.isoformat()} at the latest."
    what = "came too early" if tried.is_postponed else f"failed: {tried.error}"
    return ExplainedStep(
        at=tried.at,
        code="message.postponed" if tried.is_postponed else "message.attempt_failed",
        reason=_kind_of(tried.error),
        sentence=f"An attempt to handle {tried.type} {what.removesuffix('.')}. {until}",
        function=tried.function,
        queue=tried.queue,
        correlation_id=tried.correlation_id,
        event_id=tried.event_id,
    )


def _kind_of(error: str) -> str:
    """Return the class of an error: `LookupError` of `LookupError: no luck`."""
    kind = error.partition(":")[0]
    return kind if kind.isidentifier() else "error"


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
