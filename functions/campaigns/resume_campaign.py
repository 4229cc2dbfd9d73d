"""POST /api/v1/campaigns/{campaign_id}/resume: resume a paused campaign."""

from tidings.campaigns.operations import resume_campaign
from tidings.platform.entry.rest import rest

handler = rest(resume_campaign)
