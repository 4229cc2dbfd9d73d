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

    @classmethod
    def after(cls, campaign_id: str, run_id: str, user_id: str | None) -> "ExpandCampaign":
        """Return the command for the chunk after this person; it always has the same id."""
        return cls(
            id=f"campaign.expand:{campaign_id}:{run_id}:{user_id or ''}",
            subject=campaign_id,
            data=ExpandCampaignData(campaign_id=campaign_id, run_id=run_id, after_user_id=user_id),
        )
