"""Decide experiments: by the rule when its time has come, and store the winner."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from tidings.campaigns.events import ExpandCampaign
from tidings.campaigns.models import Campaign
from tidings.campaigns.running import CAMPAIGNS_PER_RUN
from tidings.campaigns.states import CampaignState, RunPhase, WinnerRule, WonBy
from tidings.delivery.responses import Responses, responses_by_variant
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox

# Fewer opens or clicks in all variants together decide nothing.
MIN_RESPONSES: Final = 10


class Winner(NamedTuple):
    """The variant that won, and why."""

    key: str
    won_by: WonBy


def choose_due_winners(scheduled_at: datetime) -> dict[str, int]:
    """Choose the winner of each experiment whose time has come, once, however often it is called.

    Returns:
        The number of winners chosen now.
    """
    due = Campaign.objects(state=CampaignState.RUNNING.value, run__decide_at__lte=scheduled_at)
    found = due.order_by("run.decide_at").limit(CAMPAIGNS_PER_RUN)
    return {"winners_chosen": sum(store_winner(each, _best(each)) is not None for each in found)}


def winner_of(keys: Sequence[str], responses: Mapping[str, Responses], rule: WinnerRule) -> Winner:
    """Return the winner by the share of tracked mails that were opened, or clicked.

    Of several with the largest share, and if there are fewer than `MIN_RESPONSES` in all, it is the
    first one.
    """
    found = [responses.get(key, Responses()) for key in keys]
    counts = [each.clicked if rule is WinnerRule.CLICKED else each.opened for each in found]
    if sum(counts) < MIN_RESPONSES:
        return Winner(keys[0], WonBy.TOO_FEW)
    shares = [count / max(1, each.tracked) for count, each in zip(counts, found, strict=True)]
    best = max(shares)
    won_by = WonBy.TIE if shares.count(best) > 1 else WonBy.MOST
    return Winner(keys[shares.index(best)], won_by)


def store_winner(campaign: Campaign, winner: Winner) -> Campaign | None:
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


def _best(campaign: Campaign) -> Winner:
    keys = [each.key for each in campaign.experiment.variants]
    rule = WinnerRule(campaign.experiment.decide_by)
    return winner_of(keys, responses_by_variant(campaign.id), rule)
