"""Resolvers of campaigns."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.campaigns import operations, queries
from tidings.campaigns.schemas import (
    CampaignFilter,
    CampaignNumbers,
    CampaignPreview,
    CampaignView,
    CreateCampaign,
    PreviewQuery,
)


def get_campaign(_: Any, _info: Info, id: str) -> CampaignView:
    return queries.find_view(id)


def get_campaigns(
    _: Any,
    _info: Info,
    first: int,
    after: str | None = None,
    filter: dict[str, Any] | None = None,
) -> Connection:
    page = PageArguments.model_validate({"first": first, "after": after})
    return connection(queries.get_campaigns(page, CampaignFilter.model_validate(filter or {})))


def preview_campaign(_: Any, _info: Info, id: str, language: str) -> CampaignPreview:
    wanted = PreviewQuery(language=language)
    return queries.preview_campaign(id, language=wanted.language)


def create_campaign(_: Any, info: Info, input: dict[str, Any]) -> CampaignView:
    wanted = {name: value for name, value in input.items() if value is not None}
    return operations.create_campaign(CreateCampaign.model_validate(wanted), caller=caller(info))


def start_campaign(_: Any, info: Info, id: str) -> CampaignView:
    return operations.start_campaign(id, caller=caller(info))


def pause_campaign(_: Any, info: Info, id: str) -> CampaignView:
    return operations.pause_campaign(id, caller=caller(info))


def resume_campaign(_: Any, info: Info, id: str) -> CampaignView:
    return operations.resume_campaign(id, caller=caller(info))


def stop_campaign(_: Any, info: Info, id: str) -> CampaignView:
    return operations.stop_campaign(id, caller=caller(info))


async def numbers(campaign: CampaignView, info: Info) -> CampaignNumbers | None:
    return await info.context.loaders.campaign_numbers.load(campaign.id)


QUERIES: Final[dict[str, Resolver]] = {
    "getCampaign": get_campaign,
    "getCampaigns": get_campaigns,
    "previewCampaign": preview_campaign,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "createCampaign": create_campaign,
    "startCampaign": start_campaign,
    "pauseCampaign": pause_campaign,
    "resumeCampaign": resume_campaign,
    "stopCampaign": stop_campaign,
}
NESTED: Final[dict[str, dict[str, Resolver]]] = {
    "Campaign": {"numbers": numbers},
}
