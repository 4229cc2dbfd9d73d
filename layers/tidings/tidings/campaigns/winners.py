"""Operators choose the winner of an experiment."""

from tidings.campaigns.deciding import Winner, store_winner
from tidings.campaigns.errors import CampaignNotFound, NoWinnerAwaited, UnknownVariant
from tidings.campaigns.schemas import CampaignView, ChooseCampaignWinner
from tidings.campaigns.states import CampaignState, WonBy
from tidings.campaigns.steps import find_campaign
from tidings.platform import acts
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role


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
        chosen = store_winner(campaign, Winner(wanted.variant, WonBy.OPERATOR))
        if chosen is not None:
            acts.changed({"winner": None}, {"winner": wanted.variant})
            return CampaignView.model_validate(chosen)
