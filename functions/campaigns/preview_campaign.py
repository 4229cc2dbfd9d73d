"""GET /api/v1/campaigns/{campaign_id}/preview: its current audience and a sample of its text."""

from tidings.campaigns.queries import preview_campaign
from tidings.campaigns.schemas import PreviewQuery
from tidings.platform.entry.rest import rest

handler = rest(preview_campaign, query=PreviewQuery)
