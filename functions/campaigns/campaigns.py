"""Consumer of `campaigns.queue`: notifies a campaign's audience, chunk by chunk.

- promo.campaign: notifies the first chunk of the audience
- campaign.expand: notifies the next chunk of the audience
"""

from tidings.campaigns.events import ExpandCampaign, PromoCampaign
from tidings.campaigns.expanding import expand_campaign
from tidings.platform.entry.consumer import consumer


@consumer(PromoCampaign, ExpandCampaign)
def handler(event: PromoCampaign | ExpandCampaign) -> None:
    match event:
        case PromoCampaign():
            expand_campaign(event.data.campaign_id, event.data.run_id)
        case ExpandCampaign():
            data = event.data
            expand_campaign(data.campaign_id, data.run_id, data.after_user_id)
