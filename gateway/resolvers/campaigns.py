"""Campaigns: their numbers are loaded only if they are asked for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from resolvers.binding import resolves
from resolvers.caller import Info, caller
from resolvers.loading import MaybeLater
from tidings.campaigns.operations import create_campaign
from tidings.campaigns.queries import get_campaign, get_campaign_without_numbers
from tidings.campaigns.schemas import CampaignNumbers, CampaignView, CreateCampaign
from tidings.platform.inputs.parsing import parsed


@resolves(get_campaign)
def campaign(_: Any, info: Info, id: str) -> CampaignView:
    return get_campaign_without_numbers(id, caller=caller(info))


@resolves(create_campaign)
def created(_: Any, info: Info, input: dict[str, Any]) -> CampaignView:
    wanted = {name: value for name, value in input.items() if value is not None}
    return create_campaign(parsed(CreateCampaign, wanted), caller=caller(info))


def expected(campaigns: Sequence[CampaignView]) -> Mapping[str, Iterable[str]]:
    return {"campaign_numbers": (each.id for each in campaigns)}


def numbers(campaign: CampaignView, info: Info) -> MaybeLater[CampaignNumbers]:
    return info.context.loaders.campaign_numbers.load(campaign.id)
