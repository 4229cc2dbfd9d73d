"""POST /api/v1/campaigns/{campaign_id}/start: schedule a draft."""

from tidings.campaigns.operations import start_campaign
from tidings.platform.entry.rest import rest

handler = rest(start_campaign)
