"""GET /api/v1/campaigns: the campaigns, newest first."""

from tidings.campaigns.queries import get_campaigns
from tidings.campaigns.schemas import CampaignListQuery
from tidings.platform.entry.rest import rest

handler = rest(get_campaigns, query=CampaignListQuery)
