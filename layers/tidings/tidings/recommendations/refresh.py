"""The daily job: compute all lists in chunks, and notify people whose list is much better."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from mongoengine import NotUniqueError

from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.retention import stored as retention
from tidings.recommendations.announcing import announce
from tidings.recommendations.events import RefreshRecommendations, RefreshRecommendationsData
from tidings.recommendations.lists import compute_lists
from tidings.recommendations.models import CustomerProfile, Run
from tidings.recommendations.operations import forget
from tidings.users.queries import preferences_of

PEOPLE_PER_CHUNK: Final = 200
# The products of these people's lists are in memory together.
PEOPLE_AT_ONCE: Final = 50
# People without activity for this long keep their old list.
ACTIVE: Final = timedelta(days=90)
RUNS_KEPT: Final = retention.RECOMMENDATION_RUNS.period


def compute_recommendations(scheduled_at: datetime) -> int:
    """Publish the commands that compute all lists, in chunks; once for each scheduled time.

    Returns:
        The number of chunks requested now.
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
        logger.info("recommendations run skipped: requested before", scheduled_at=run.id)
        return 0
    logger.info("recommendations run requested", chunks=len(commands))
    return len(commands)


def refresh_chunk(command: RefreshRecommendationsData) -> int:
    """Compute the lists of a chunk of people, and publish those that are news.

    Safe to repeat: a published list is not published again.

    Returns:
        The number of lists published now.
    """
    at, announced = command.scheduled_at, 0
    people = list(
        CustomerProfile.objects(
            pk__gte=command.first_user_id, pk__lte=command.last_user_id, active_at__gte=at - ACTIVE
        ).scalar("pk")
    )
    preferences = preferences_of(people)
    for user_id in people:
        if user_id not in preferences:
            # The account is deleted, and an event about it came late.
            forget(user_id)
    for start in range(0, len(people), PEOPLE_AT_ONCE):
        known = [each for each in people[start : start + PEOPLE_AT_ONCE] if each in preferences]
        for profile in compute_lists(known, at):
            announced += announce(profile, preferences[profile.id], at)
    logger.info("recommendations computed", people=len(people), announced=announced)
    return announced


def _chunks(scheduled_at: datetime) -> Iterator[tuple[str, str]]:
    """Yield the first and the last id of each chunk of people."""
    found = (
        CustomerProfile.objects(active_at__gte=scheduled_at - ACTIVE).order_by("pk").scalar("pk")
    )
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
