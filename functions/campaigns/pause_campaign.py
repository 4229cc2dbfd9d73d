"""POST /api/v1/campaigns/{campaign_id}/pause: pause a campaign."""

from tidings.campaigns.operations import pause_campaign
from tidings.platform.entry.rest import rest

handler = rest(pause_campaign)
