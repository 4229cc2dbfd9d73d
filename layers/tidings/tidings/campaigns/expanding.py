"""From a campaign's run to its people, chunk by chunk, each once.

Each chunk is one message: it tells its people and then, in one write, moves the run's cursor
and stores the command for the next. However often a message comes, and wherever a process
dies, nobody is told twice and nobody is left out: telling is idempotent by run and person, and
the cursor moves once.
"""

from datetime import datetime
from typing import Any, Final

from tidings.campaigns.audiences import Chunk, chunk_after
from tidings.campaigns.calendar import ScheduleKind, next_run
from tidings.campaigns.events import ExpandCampaign, ExpandCampaignData
from tidings.campaigns.models import Campaign, CampaignRun
from tidings.campaigns.states import CampaignState
from tidings.campaigns.steps import step_to
from tidings.notifications.telling import Telling, tell
from tidings.platform import outbox
from tidings.platform.clock import now
from tidings.platform.context import correlation_id
from tidings.platform.logging import logger

KIND: Final = "promo.campaign"
CATEGORY: Final = "promotions"
# What an invocation publishes itself (outbox.MAX_NOTED) has room for each person's messages
# and for the next command.
PEOPLE_PER_CHUNK: Final = 400


def expand_campaign(
    campaign_id: str, run_id: str, after: str | None = None, *, at: datetime | None = None
) -> None:
    """Tell the next chunk of a run's audience, unless that is done, or the campaign is held.

    Raises:
        TidingsError: the template cannot be rendered.
    """
    campaign: Campaign | None = Campaign.objects(pk=campaign_id, **_waiting(run_id, after)).first()
    if campaign is None:
        logger.info("campaign does not wait for this chunk", campaign_id=campaign_id, run=run_id)
        return
    chunk = chunk_after(campaign.audience, after, campaign.run.started_at, PEOPLE_PER_CHUNK)
    if chunk.user_ids:
        tell(chunk.user_ids, _telling(campaign), one_of_many=True)
    moved = _move_on(campaign, chunk, at or now())
    logger.info(
        "campaign's chunk told",
        campaign_id=campaign_id,
        run=run_id,
        people=len(chunk.user_ids),
        moved=moved,
    )


def command_after(campaign: Campaign, after: str | None) -> ExpandCampaign:
    """Return the command for the chunk after this person; always the same one."""
    run_id = campaign.run.id
    return ExpandCampaign(
        id=f"campaign.expand:{campaign.id}:{run_id}:{after or ''}",
        subject=campaign.id,
        data=ExpandCampaignData(campaign_id=campaign.id, run_id=run_id, after_user_id=after),
    )


def _waiting(run_id: str, cursor: str | None) -> dict[str, Any]:
    return {
        "state": CampaignState.RUNNING.value,
        "run__id": run_id,
        "run__cursor": cursor,
        "run__finished_at": None,
    }


def _telling(campaign: Campaign) -> Telling:
    run: CampaignRun = campaign.run
    return Telling(
        kind=KIND,
        category=CATEGORY,
        template_code=campaign.template_code,
        variables=campaign.told_to_all(),
        subject_id=campaign.id,
        dedupe=f"{campaign.id}:{run.id}",
        event_id=f"{KIND}:{campaign.id}:{run.id}",
        correlation_id=correlation_id(),
        campaign_id=campaign.id,
    )


def _move_on(campaign: Campaign, chunk: Chunk, at: datetime) -> bool:
    """Move the cursor, once; where a person held the campaign meanwhile it stays."""
    here = Campaign.objects(pk=campaign.id, **_waiting(campaign.run.id, campaign.run.cursor))
    told = {"inc__run__audience": len(chunk.user_ids)}
    if chunk.last_id is None:
        return outbox.change(here, **told, **_ended(campaign, at)) is not None
    following = command_after(campaign, chunk.last_id)
    moved = outbox.change(here, following, set__run__cursor=chunk.last_id, **told)
    return moved is not None


def _ended(campaign: Campaign, at: datetime) -> dict[str, Any]:
    over: dict[str, Any] = {"set__run__finished_at": at}
    if campaign.schedule.kind != ScheduleKind.WEEKLY.value:
        return over | step_to(CampaignState.FINISHED, at)
    following = next_run(ScheduleKind.WEEKLY, None, max(at, campaign.run.due_at))
    return over | step_to(CampaignState.SCHEDULED, at) | {"set__next_run_at": following}
