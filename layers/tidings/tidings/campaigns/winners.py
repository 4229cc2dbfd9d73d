"""Choose the winner of an experiment: by the rule when its time has come, or by an operator."""

from datetime import datetime

from tidings.campaigns.errors import CampaignNotFound, NoWinnerAwaited, UnknownVariant
from tidings.campaigns.events import ExpandCampaign
from tidings.campaigns.experiments import Winner, winner_of
from tidings.campaigns.models import Campaign
from tidings.campaigns.running import CAMPAIGNS_PER_RUN
from tidings.campaigns.schemas import CampaignView, ChooseCampaignWinner
from tidings.campaigns.states import CampaignState, RunPhase, WinnerRule, WonBy
from tidings.campaigns.steps import find_campaign
from tidings.delivery.tracking import responses_by_variant
from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role


def choose_due_winners(scheduled_at: datetime) -> dict[str, int]:
    """Choose the winner of each experiment whose time has come, once, however often it is called.

    Returns:
        The number of winners chosen now.
    """
    due = Campaign.objects(state=CampaignState.RUNNING.value, run__decide_at__lte=scheduled_at)
    found = due.order_by("run.decide_at").limit(CAMPAIGNS_PER_RUN)
    return {"winners_chosen": sum(_choose(each, _best(each)) is not None for each in found)}


@operation(role=Role.OPERATOR, refuses=(CampaignNotFound, NoWinnerAwaited, UnknownVariant))
def choose_campaign_winner(
    campaign_id: str, wanted: ChooseCampaignWinner, *, caller: Principal
) -> CampaignView:
    """Choose the variant that all others get; the test must be over.

    A repeated request has the same answer.

    Raises:
        CampaignNotFound: the campaign does not exist.
        UnknownVariant: its experiment has no such variant.
        NoWinnerAwaited: it has no experiment, its test is not over, or another variant won.
    """
    while True:
        campaign = find_campaign(campaign_id)
        if campaign.experiment is None:
            raise NoWinnerAwaited
        if campaign.experiment.variant(wanted.variant) is None:
            raise UnknownVariant
        if campaign.run is not None and campaign.run.winner == wanted.variant:
            return CampaignView.model_validate(campaign)
        is_open = campaign.state in {CampaignState.RUNNING, CampaignState.PAUSED}
        if not is_open or not campaign.waits_for_winner:
            raise NoWinnerAwaited
        chosen = _choose(campaign, Winner(wanted.variant, WonBy.OPERATOR))
        if chosen is not None:
            acts.changed({"winner": None}, {"winner": wanted.variant})
            return CampaignView.model_validate(chosen)


def _best(campaign: Campaign) -> Winner:
    keys = [each.key for each in campaign.experiment.variants]
    rule = WinnerRule(campaign.experiment.decide_by)
    return winner_of(keys, responses_by_variant(campaign.id), rule)


def _choose(campaign: Campaign, winner: Winner) -> Campaign | None:
    """Store the winner and request the rest of the audience, unless another process was faster.

    A paused campaign gets the request when it is resumed.
    """
    run = campaign.run
    waits = Campaign.objects(
        pk=campaign.id,
        state=campaign.state,
        run__id=run.id,
        run__phase=RunPhase.WAITING.value,
    )
    first = ExpandCampaign.after(campaign.id, run.id, None)
    changed = outbox.change(
        waits,
        *([first] if campaign.state == CampaignState.RUNNING.value else []),
        set__run__phase=RunPhase.REST.value,
        set__run__winner=winner.key,
        set__run__won_by=winner.won_by.value,
        unset__run__decide_at=True,
    )
    logger.info(
        "campaign winner chosen",
        campaign_id=campaign.id,
        variant=winner.key,
        won_by=winner.won_by.value,
        first=changed is not None,
    )
    return changed
