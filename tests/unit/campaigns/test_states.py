"""Which steps a campaign can take, and who takes them there."""

import pytest

from tidings.campaigns.errors import CampaignStepRefused
from tidings.campaigns.states import STEPS, CampaignState, Mover, check_step


def test_every_state_is_in_the_table() -> None:
    assert set(STEPS) == set(CampaignState)


@pytest.mark.parametrize("state", [CampaignState.FINISHED, CampaignState.STOPPED])
def test_what_is_over_stays_over(state: CampaignState) -> None:
    assert STEPS[state] == {}


@pytest.mark.parametrize("state", [CampaignState.RUNNING, CampaignState.FINISHED])
def test_nobody_sends_a_waiting_campaign_out_by_hand(state: CampaignState) -> None:
    with pytest.raises(CampaignStepRefused) as refused:
        check_step(CampaignState.SCHEDULED, state, Mover.OPERATOR)
    assert refused.value.before == "scheduled"


def test_the_shop_does_not_pause_or_stop() -> None:
    for state in (CampaignState.PAUSED, CampaignState.STOPPED):
        with pytest.raises(CampaignStepRefused):
            check_step(CampaignState.RUNNING, state, Mover.SHOP)
