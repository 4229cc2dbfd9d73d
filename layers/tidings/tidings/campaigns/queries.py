"""What operators can ask about campaigns; entry points let nobody else in."""

from collections.abc import Iterable
from typing import Final

from tidings.campaigns.audiences import size_of
from tidings.campaigns.models import Campaign
from tidings.campaigns.schemas import (
    CampaignDetails,
    CampaignFilter,
    CampaignNumbers,
    CampaignPreview,
    CampaignView,
    ChannelNumbers,
)
from tidings.campaigns.steps import find_campaign
from tidings.delivery.unsubscribe import unsubscribed
from tidings.notifications.reach import (
    EMAIL,
    Reach,
    mailed_in_campaign,
    reach_of_campaigns,
)
from tidings.platform.clock import now
from tidings.platform.pagination import Page, PageRequest, paginate
from tidings.templates.queries import preview_template
from tidings.templates.schemas import PreviewTemplate

# What an endpoint has time for.
COUNTING_SECONDS: Final = 6.0


def get_campaign(campaign_id: str) -> CampaignDetails:
    """Return a campaign with its numbers.

    Raises:
        CampaignNotFound: there is none.
    """
    campaign = find_campaign(campaign_id)
    view = CampaignView.model_validate(campaign)
    numbers = numbers_of_campaigns([campaign_id])[campaign_id]
    return CampaignDetails(**dict(view), numbers=numbers)


def find_view(campaign_id: str) -> CampaignView:
    """Return a campaign without its numbers.

    Raises:
        CampaignNotFound: there is none.
    """
    return CampaignView.model_validate(find_campaign(campaign_id))


def get_campaigns(page: PageRequest, wanted: CampaignFilter) -> Page[CampaignView]:
    """Return a page of the campaigns, newest first."""
    found = Campaign.objects()
    if wanted.state is not None:
        found = found.filter(state=wanted.state.value)
    return paginate(found.exclude("outbox"), page).map(CampaignView.model_validate)


def preview_campaign(campaign_id: str, *, language: str = "en") -> CampaignPreview:
    """Say whom a campaign would reach now, and what they would read.

    Raises:
        CampaignNotFound: there is none.
        TemplateNotFound: its template is gone.
        RenderingFailed: its template cannot be rendered with its variables.
    """
    campaign = find_campaign(campaign_id)
    given = {"language": language, "variables": campaign.told_to_all()}
    wanted = PreviewTemplate.model_validate(given)
    sample = preview_template(campaign.template_code, wanted)
    size = size_of(campaign.audience, now(), seconds=COUNTING_SECONDS)
    return CampaignPreview(
        audience_size=size.people, audience_complete=size.complete, sample=sample
    )


def numbers_of_campaigns(campaign_ids: Iterable[str]) -> dict[str, CampaignNumbers]:
    """Return what became of each of these campaigns.

    In two round trips, and two more for some thousands that got a mail.
    """
    ids = list(campaign_ids)
    found = Campaign.objects(pk__in=ids).only("run", "told_before").batch_size(len(ids) + 1)
    audiences = {
        each.id: each.told_before + (each.run.audience if each.run else 0) for each in found
    }
    reached = reach_of_campaigns(audiences)
    return {
        campaign_id: _numbers(campaign_id, audience, reached[campaign_id])
        for campaign_id, audience in audiences.items()
    }


def _numbers(campaign_id: str, audience: int, reach: Reach) -> CampaignNumbers:
    return CampaignNumbers(
        audience=audience,
        read=reach.read,
        unsubscribed=_unsubscribed(campaign_id) if _was_mailed(reach) else 0,
        channels=[ChannelNumbers(channel=n, **c._asdict()) for n, c in reach.channels.items()],
        **reach.people._asdict(),
    )


def _was_mailed(reach: Reach) -> bool:
    return EMAIL in reach.channels and reach.channels[EMAIL].sent > 0


def _unsubscribed(campaign_id: str) -> int:
    return sum(len(unsubscribed(ids)) for ids in mailed_in_campaign(campaign_id))
