"""Queries of campaigns."""

from collections.abc import Iterable
from typing import Final

from tidings.campaigns.audiences import size_of
from tidings.campaigns.errors import CampaignNotFound, UnknownVariant
from tidings.campaigns.models import Campaign
from tidings.campaigns.samples import message_of
from tidings.campaigns.schemas import (
    CampaignDetails,
    CampaignFilter,
    CampaignNumbers,
    CampaignPreview,
    CampaignView,
    ChannelNumbers,
    VariantNumbers,
)
from tidings.campaigns.steps import find_campaign
from tidings.delivery.responses import Responses, responses_by_variant, responses_to
from tidings.delivery.unsubscribe import unsubscribed
from tidings.notifications.campaign_results import (
    EMAIL,
    CampaignResults,
    mailed_in_campaign,
    results_of_campaigns,
)
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.timing.clock import now
from tidings.templates.errors import RenderingFailed, TemplateNotFound
from tidings.templates.queries import sample_of
from tidings.templates.schemas import PreviewTemplate

# An endpoint has this much time to count.
COUNTING_SECONDS: Final = 6.0


@operation(role=Role.OPERATOR, refuses=(CampaignNotFound,), writes=False)
def get_campaign(campaign_id: str, *, caller: Principal) -> CampaignDetails:
    """Return a campaign with its numbers.

    Raises:
        CampaignNotFound: the campaign does not exist.
    """
    campaign = find_campaign(campaign_id)
    view = CampaignView.model_validate(campaign)
    numbers = numbers_of_campaigns([campaign_id])[campaign_id]
    return CampaignDetails(**dict(view), numbers=numbers)


@operation(role=Role.OPERATOR, refuses=(CampaignNotFound,), writes=False)
def get_campaign_without_numbers(campaign_id: str, *, caller: Principal) -> CampaignView:
    """Return a campaign without its numbers.

    Raises:
        CampaignNotFound: the campaign does not exist.
    """
    return CampaignView.model_validate(find_campaign(campaign_id))


@operation(role=Role.OPERATOR, writes=False)
def get_campaigns(
    page: PageRequest, wanted: CampaignFilter, *, caller: Principal
) -> Page[CampaignView]:
    """Return a page of the campaigns, newest first."""
    found = Campaign.objects()
    if wanted.state is not None:
        found = found.filter(state=wanted.state.value)
    return paginate(found.exclude("outbox"), page).map(CampaignView.model_validate)


@operation(
    role=Role.OPERATOR,
    refuses=(CampaignNotFound, TemplateNotFound, RenderingFailed, UnknownVariant),
    writes=False,
)
def preview_campaign(
    campaign_id: str,
    *,
    language: str = "en",
    variant: str | None = None,
    caller: Principal,
) -> CampaignPreview:
    """Return the current size of a campaign's audience, and a sample of its text.

    Raises:
        CampaignNotFound: the campaign does not exist.
        TemplateNotFound: its template was deleted.
        RenderingFailed: its template cannot be rendered with its variables.
        UnknownVariant: its experiment has no such variant.
    """
    campaign = find_campaign(campaign_id)
    template_code, variables = message_of(campaign, variant)
    wanted = PreviewTemplate.model_validate({"language": language, "variables": variables})
    sample = sample_of(template_code, wanted)
    size = size_of(campaign.audience, now(), seconds=COUNTING_SECONDS)
    return CampaignPreview(
        audience_size=size.people, audience_complete=size.complete, sample=sample
    )


def numbers_of_campaigns(campaign_ids: Iterable[str]) -> dict[str, CampaignNumbers]:
    """Return the results of each of these campaigns.

    This takes three round trips, two more for each batch of notifications sent by mail, and one
    more for each experiment.
    """
    ids = list(campaign_ids)
    named = Campaign.objects(pk__in=ids).only("run", "told_before", "experiment")
    found = list(named.batch_size(len(ids) + 1))
    audiences = {
        each.id: each.told_before + (each.run.audience if each.run else 0) for each in found
    }
    variants = {each.id: _variants(each) for each in found}
    results, responses = results_of_campaigns(audiences), responses_to(audiences)
    return {
        campaign_id: _numbers(
            campaign_id,
            audience,
            results[campaign_id],
            responses[campaign_id],
            variants[campaign_id],
        )
        for campaign_id, audience in audiences.items()
    }


def _numbers(
    campaign_id: str,
    audience: int,
    results: CampaignResults,
    responses: Responses,
    variants: list[VariantNumbers],
) -> CampaignNumbers:
    return CampaignNumbers(
        audience=audience,
        read=results.read,
        unsubscribed=_unsubscribed(campaign_id) if _was_mailed(results) else 0,
        channels=[ChannelNumbers(channel=n, **c._asdict()) for n, c in results.channels.items()],
        **results.people._asdict(),
        **responses._asdict(),
        variants=variants,
    )


def _variants(campaign: Campaign) -> list[VariantNumbers]:
    """Return the results of the test; only an experiment takes a round trip."""
    if campaign.experiment is None:
        return []
    responses = responses_by_variant(campaign.id)
    tested = campaign.run.tested if campaign.run else {}
    return [
        VariantNumbers(
            key=each.key,
            people=tested.get(each.key, 0),
            **responses.get(each.key, Responses())._asdict(),
        )
        for each in campaign.experiment.variants
    ]


def _was_mailed(results: CampaignResults) -> bool:
    return EMAIL in results.channels and results.channels[EMAIL].sent > 0


def _unsubscribed(campaign_id: str) -> int:
    return sum(len(unsubscribed(ids)) for ids in mailed_in_campaign(campaign_id))
