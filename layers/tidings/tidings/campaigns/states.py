"""The states of a campaign, and which actor may change them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tidings.campaigns.errors import CampaignStepRefused


class CampaignState(StrEnum):
    DRAFT = "draft"
    # It waits for its time.
    SCHEDULED = "scheduled"
    # It notifies its audience, chunk by chunk.
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"


class RunPhase(StrEnum):
    """The phases of a run with an experiment."""

    # A part of the audience gets the variants.
    TEST = "test"
    # It waits until the winner is chosen.
    WAITING = "waiting"
    # All others get the winner.
    REST = "rest"


class WinnerRule(StrEnum):
    """What decides which variant of an experiment wins."""

    OPENED = "opened"
    CLICKED = "clicked"
    OPERATOR = "operator"


class WonBy(StrEnum):
    """Why a variant won."""

    MOST = "most"
    # Among several with the most, it is the first.
    TIE = "tie"
    # Too few readers responded, so it is the first.
    TOO_FEW = "too_few"
    OPERATOR = "operator"


class Actor(StrEnum):
    """The role in which a step is made; `shop` is the shop's software."""

    OPERATOR = "operator"
    SHOP = "shop"


OPERATOR: Final = frozenset({Actor.OPERATOR})
SHOP: Final = frozenset({Actor.SHOP})

# By state: the possible next states, and the actor that may make the step. All other steps are
# impossible.
STEPS: Final[Mapping[CampaignState, Mapping[CampaignState, frozenset[Actor]]]] = {
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
        # A weekly campaign waits for the next week.
        CampaignState.SCHEDULED: SHOP,
        CampaignState.FINISHED: SHOP,
        CampaignState.PAUSED: OPERATOR,
        CampaignState.STOPPED: OPERATOR,
    },
    CampaignState.PAUSED: {
        # Back to the state before the pause.
        CampaignState.SCHEDULED: OPERATOR,
        CampaignState.RUNNING: OPERATOR,
        CampaignState.STOPPED: OPERATOR,
    },
    CampaignState.FINISHED: {},
    CampaignState.STOPPED: {},
}


def check_step(before: CampaignState, after: CampaignState, actor: Actor) -> None:
    """Check that the table allows a step.

    Raises:
        CampaignStepRefused: the table does not contain the step, or not for this actor.
    """
    if actor not in STEPS[before].get(after, frozenset()):
        raise CampaignStepRefused(before, after)
