"""PATCH /api/v1/campaigns/{campaign_id}: edit a campaign."""

from tidings.campaigns.operations import edit_campaign
from tidings.platform.entry.rest import rest

handler = rest(edit_campaign)
