"""What the campaigns announce, and what they ask of their own consumer."""

from typing import ClassVar, Literal

from tidings.platform.events import Command, Event, EventData


class PromoCampaignData(EventData):
    campaign_id: str
    run_id: str


class PromoCampaign(Event):
    """A campaign's time has come; a run begins."""

    source: Literal["tidings/campaigns"] = "tidings/campaigns"
    type: Literal["promo.campaign"] = "promo.campaign"
    data: PromoCampaignData


class ExpandCampaignData(EventData):
    campaign_id: str
    run_id: str
    after_user_id: str | None = None


class ExpandCampaign(Command):
    """Tell the next chunk of a campaign's audience, from after this person on."""

    ROUTING_KEYS: ClassVar[tuple[str, ...]] = ("campaigns",)

    source: Literal["tidings/campaigns"] = "tidings/campaigns"
    type: Literal["campaign.expand"] = "campaign.expand"
    data: ExpandCampaignData
