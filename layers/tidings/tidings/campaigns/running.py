"""Start the runs of campaigns that are due."""

from datetime import datetime
from typing import Final

from tidings.campaigns.events import PromoCampaign, PromoCampaignData
from tidings.campaigns.models import Campaign, CampaignRun
from tidings.campaigns.states import CampaignState, RunPhase
from tidings.campaigns.steps import step_to
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.timing.clock import now

# More campaigns wait for the rule's next time, because each goes to its whole audience.
CAMPAIGNS_PER_RUN: Final = 200


def run_due_campaigns(scheduled_at: datetime, *, at: datetime | None = None) -> dict[str, int]:
    """Start the run of each campaign that is due, once, however often this is called.

    Returns:
        The number of runs started now.
    """
    due = Campaign.objects(state=CampaignState.SCHEDULED.value, next_run_at__lte=scheduled_at)
    found = due.order_by("next_run_at").limit(CAMPAIGNS_PER_RUN)
    return {"campaigns_begun": sum(_begin(each, at or now()) for each in found)}


def _begin(campaign: Campaign, at: datetime) -> bool:
    """Start a run, unless another process started it or an operator paused the campaign."""
    due_at = campaign.next_run_at
    run = CampaignRun.at(due_at, started_at=at)
    if campaign.experiment:
        run.phase = RunPhase.TEST.value
    earlier = campaign.run.audience if campaign.run else 0
    waiting = Campaign.objects(
        pk=campaign.id, state=CampaignState.SCHEDULED.value, next_run_at=due_at
    )
    changed = outbox.change(
        waiting,
        _announcement(campaign, run),
        set__run=run,
        unset__next_run_at=True,
        inc__told_before=earlier,
        **step_to(CampaignState.RUNNING, at),
    )
    logger.info("campaign run started", campaign_id=campaign.id, run=run.id, first=bool(changed))
    return changed is not None


def _announcement(campaign: Campaign, run: CampaignRun) -> PromoCampaign:
    return PromoCampaign(
        id=f"promo.campaign:{campaign.id}:{run.id}",
        subject=campaign.id,
        data=PromoCampaignData(campaign_id=campaign.id, run_id=run.id),
    )
