"""Notify the audience of a campaign's run, chunk by chunk, each person once.

The run has the cursor (`notifications/chunks.py`). If an operator pauses the campaign while a chunk
is notified, the cursor stays.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final

from mongoengine import QuerySet

from tidings.campaigns.audiences import chunk_after
from tidings.campaigns.calendar import ScheduleKind, next_run
from tidings.campaigns.events import ExpandCampaign
from tidings.campaigns.experiments import parts_of, told_in, waiting
from tidings.campaigns.models import Campaign, CampaignRun
from tidings.campaigns.states import CampaignState, RunPhase
from tidings.campaigns.steps import step_to
from tidings.campaigns.vouchers import voucher_codes
from tidings.notifications.chunks import move_on, notify_part
from tidings.notifications.drafting import NotificationContent
from tidings.platform.context import correlation_id
from tidings.platform.logging import logger
from tidings.platform.timing.clock import now

KIND: Final = "promo.campaign"
CATEGORY: Final = "promotions"
# An invocation publishes outbox.MAX_NOTED documents. That leaves room for each person's commands
# and for the next command.
PEOPLE_PER_CHUNK: Final = 400


def expand_campaign(
    campaign_id: str, run_id: str, after: str | None = None, *, at: datetime | None = None
) -> None:
    """Notify the next chunk of a run's audience, unless that is done or the campaign is paused.

    Raises:
        TidingsError: the template cannot be rendered.
    """
    here = running(campaign_id, run_id, after)
    campaign: Campaign | None = here.first()
    if campaign is None:
        logger.info(
            "campaign chunk skipped: done, or campaign not running",
            campaign_id=campaign_id,
            run=run_id,
        )
        return
    chunk = chunk_after(campaign.audience, after, campaign.run.started_at, PEOPLE_PER_CHUNK)
    parts = parts_of(campaign, chunk.user_ids, content_of(campaign, chunk.user_ids))
    for part in parts:
        notify_part(part.user_ids, part.content)
    moved = move_on(
        chunk,
        here,
        cursor="run__cursor",
        next_command=partial(ExpandCampaign.after, campaign.id, run_id),
        at_the_end=_ended(campaign, at or now()),
        **told_in(parts),
    )
    logger.info(
        "campaign chunk notified",
        campaign_id=campaign_id,
        run=run_id,
        people=sum(len(each.user_ids) for each in parts),
        moved=moved,
    )


def running(campaign_id: str, run_id: str, cursor: str | None) -> "QuerySet[Campaign]":
    """Return the query for a campaign whose run waits for the chunk at this cursor."""
    return Campaign.objects(
        pk=campaign_id,
        state=CampaignState.RUNNING.value,
        run__id=run_id,
        run__cursor=cursor,
        run__phase__ne=RunPhase.WAITING.value,
        run__finished_at=None,
    )


def content_of(campaign: Campaign, user_ids: Iterable[str]) -> NotificationContent:
    """Return what a campaign's running run tells each of these people."""
    run: CampaignRun = campaign.run
    return NotificationContent(
        kind=KIND,
        category=CATEGORY,
        template_code=campaign.template_code,
        variables=campaign.told_to_all(),
        personal=voucher_codes(campaign, user_ids),
        subject_id=campaign.id,
        dedupe=f"{campaign.id}:{run.id}",
        event_id=f"{KIND}:{campaign.id}:{run.id}",
        correlation_id=correlation_id(),
        campaign_id=campaign.id,
    )


def _ended(campaign: Campaign, at: datetime) -> dict[str, Any]:
    if campaign.run.phase == RunPhase.TEST.value:
        return waiting(campaign, at)
    over: dict[str, Any] = {"set__run__finished_at": at}
    if campaign.schedule.kind != ScheduleKind.WEEKLY.value:
        return over | step_to(CampaignState.FINISHED, at)
    following = next_run(ScheduleKind.WEEKLY, None, max(at, campaign.run.due_at))
    return over | step_to(CampaignState.SCHEDULED, at) | {"set__next_run_at": following}
