"""GET /api/v1/campaigns/{campaign_id}: a campaign with its numbers."""

from tidings.campaigns.queries import get_campaign
from tidings.platform.entry.rest import rest

handler = rest(get_campaign)
