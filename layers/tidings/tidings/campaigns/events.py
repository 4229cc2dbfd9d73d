"""The events that campaigns publish, and the command to their own consumer."""

from typing import ClassVar, Literal

from tidings.platform.messaging.events import Command, Event, EventData


class PromoCampaignData(EventData):
    campaign_id: str
    run_id: str


class PromoCampaign(Event):
    """A run of a campaign begins."""

    source: Literal["tidings/campaigns"] = "tidings/campaigns"
    type: Literal["promo.campaign"] = "promo.campaign"
    data: PromoCampaignData


class ExpandCampaignData(EventData):
    campaign_id: str
    run_id: str
    after_user_id: str | None = None


class ExpandCampaign(Command):
    """Notify the next chunk of a campaign's audience, starting after this person."""

    ROUTING_KEYS: ClassVar[tuple[str, ...]] = ("campaigns",)

    source: Literal["tidings/campaigns"] = "tidings/campaigns"
    type: Literal["campaign.expand"] = "campaign.expand"
    data: ExpandCampaignData
