"""How far a campaign can come, and who takes it there."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tidings.campaigns.errors import CampaignStepRefused


class CampaignState(StrEnum):
    DRAFT = "draft"
    # Waits for its time.
    SCHEDULED = "scheduled"
    # Is on its way to its audience, chunk by chunk.
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"


class Mover(StrEnum):
    """Who takes a step; `shop` is the shop's own machinery."""

    OPERATOR = "operator"
    SHOP = "shop"


OPERATOR: Final = frozenset({Mover.OPERATOR})
SHOP: Final = frozenset({Mover.SHOP})

# From each state: where a campaign can go from there, and who takes it there. A step that is
# not here is impossible.
STEPS: Final[Mapping[CampaignState, Mapping[CampaignState, frozenset[Mover]]]] = {
    CampaignState.DRAFT: {
        CampaignState.SCHEDULED: OPERATOR,
        CampaignState.STOPPED: OPERATOR,
    },
    CampaignState.SCHEDULED: {
        CampaignState.RUNNING: SHOP,
        CampaignState.PAUSED: OPERATOR,
        CampaignState.STOPPED: OPERATOR,
    },
    CampaignState.RUNNING: {
        # A weekly one waits for the next week.
        CampaignState.SCHEDULED: SHOP,
        CampaignState.FINISHED: SHOP,
        CampaignState.PAUSED: OPERATOR,
        CampaignState.STOPPED: OPERATOR,
    },
    CampaignState.PAUSED: {
        # Back to where it was.
        CampaignState.SCHEDULED: OPERATOR,
        CampaignState.RUNNING: OPERATOR,
        CampaignState.STOPPED: OPERATOR,
    },
    CampaignState.FINISHED: {},
    CampaignState.STOPPED: {},
}


def check_step(before: CampaignState, after: CampaignState, mover: Mover) -> None:
    """Let a step through that the table has.

    Raises:
        CampaignStepRefused: the table does not have it, or not for whoever takes it.
    """
    if mover not in STEPS[before].get(after, frozenset()):
        raise CampaignStepRefused(before, after)
