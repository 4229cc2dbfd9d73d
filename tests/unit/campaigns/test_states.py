"""Tests of the steps of a campaign and of the roles that take them."""

import pytest

from tidings.campaigns.errors import CampaignStepRefused
from tidings.campaigns.states import STEPS, Actor, CampaignState, check_step


def test_every_state_is_in_the_table() -> None:
    assert set(STEPS) == set(CampaignState)


@pytest.mark.parametrize("state", [CampaignState.FINISHED, CampaignState.STOPPED])
def test_final_states_have_no_steps(state: CampaignState) -> None:
    assert STEPS[state] == {}


@pytest.mark.parametrize("state", [CampaignState.RUNNING, CampaignState.FINISHED])
def test_operators_cannot_start_a_scheduled_campaign(state: CampaignState) -> None:
    with pytest.raises(CampaignStepRefused) as refused:
        check_step(CampaignState.SCHEDULED, state, Actor.OPERATOR)
    assert refused.value.before == "scheduled"


def test_only_operators_pause_or_stop() -> None:
    for state in (CampaignState.PAUSED, CampaignState.STOPPED):
        with pytest.raises(CampaignStepRefused):
            check_step(CampaignState.RUNNING, state, Actor.SHOP)
