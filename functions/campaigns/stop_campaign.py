"""POST /api/v1/campaigns/{campaign_id}/stop: end a campaign permanently."""

from tidings.campaigns.operations import stop_campaign
from tidings.platform.entry.rest import rest

handler = rest(stop_campaign)
