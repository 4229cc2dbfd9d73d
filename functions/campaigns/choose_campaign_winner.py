"""POST /api/v1/campaigns/{campaign_id}/winner: choose the winner of its experiment."""

from tidings.campaigns.winners import choose_campaign_winner
from tidings.platform.entry.rest import rest

handler = rest(choose_campaign_winner)
