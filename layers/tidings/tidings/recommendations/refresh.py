"""The daily job: everybody's list anew, in chunks, and a word to those who have a better one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from mongoengine import NotUniqueError

from tidings.platform import outbox
from tidings.platform.logging import logger
from tidings.recommendations.announcing import announce
from tidings.recommendations.events import RefreshRecommendations, RefreshRecommendationsData
from tidings.recommendations.lists import Rows, compute_list
from tidings.recommendations.models import Run, Taste
from tidings.recommendations.operations import forget
from tidings.users.preferences import Preferences
from tidings.users.queries import preferences_of

PEOPLE_PER_CHUNK: Final = 200
# Whoever did nothing for so long keeps the list that they have.
ACTIVE: Final = timedelta(days=90)
RUNS_KEPT: Final = timedelta(days=14)


def compute_recommendations(scheduled_at: datetime) -> int:
    """Ask for everybody's list, in chunks; once for one scheduled time.

    Returns:
        How many chunks were asked for now.
    """
    commands = [_command(scheduled_at, *ids) for ids in _chunks(scheduled_at)]
    if not commands:
        return 0
    run = Run(
        id=scheduled_at.isoformat(), chunks=len(commands), expires_at=scheduled_at + RUNS_KEPT
    )
    try:
        outbox.insert(run, *commands)
    except NotUniqueError:
        logger.info("recommendations were asked for before", scheduled_at=run.id)
        return 0
    logger.info("recommendations asked for", chunks=len(commands))
    return len(commands)


def refresh_chunk(command: RefreshRecommendationsData) -> int:
    """Compute the lists of a chunk of people, and announce those that are worth it.

    Safe to repeat: a list that was announced is not announced again.

    Returns:
        How many were announced now.
    """
    at, announced = command.scheduled_at, 0
    rows: Rows = {}
    people = list(
        Taste.objects(
            pk__gte=command.first_user_id, pk__lte=command.last_user_id, active_at__gte=at - ACTIVE
        ).scalar("pk")
    )
    preferences = preferences_of(people)
    for user_id in people:
        announced += _refresh(user_id, at, rows, preferences.get(user_id))
    logger.info("recommendations computed", people=len(people), announced=announced)
    return announced


def _refresh(user_id: str, at: datetime, rows: Rows, preferences: Preferences | None) -> bool:
    if preferences is None:
        # The account is gone, and an event of it came late.
        forget(user_id)
        return False
    taste = compute_list(user_id, at, rows)
    return taste is not None and announce(taste, preferences, at)


def _chunks(scheduled_at: datetime) -> Iterator[tuple[str, str]]:
    """Return the first and the last id of each chunk of people."""
    found = Taste.objects(active_at__gte=scheduled_at - ACTIVE).order_by("pk").scalar("pk")
    chunk: list[str] = []
    for user_id in found.batch_size(10_000):
        chunk.append(user_id)
        if len(chunk) == PEOPLE_PER_CHUNK:
            yield chunk[0], chunk[-1]
            chunk = []
    if chunk:
        yield chunk[0], chunk[-1]


def _command(scheduled_at: datetime, first: str, last: str) -> RefreshRecommendations:
    data = RefreshRecommendationsData(
        scheduled_at=scheduled_at, first_user_id=first, last_user_id=last
    )
    event_id = f"recommendations.refresh:{scheduled_at.isoformat()}:{first}"
    return RefreshRecommendations(id=event_id, subject=first, data=data)
