"""POST /api/v1/campaigns/{campaign_id}/copy: copy a campaign."""

from tidings.campaigns.copying import copy_campaign
from tidings.platform.entry.rest import rest

handler = rest(copy_campaign, status=201, message="The copy is a draft; edit it, then start it.")
