"""POST /api/v1/campaigns: create a campaign as a draft."""

from tidings.campaigns.operations import create_campaign
from tidings.platform.entry.rest import rest

handler = rest(create_campaign, status=201, message="The campaign is drafted; start it.")
