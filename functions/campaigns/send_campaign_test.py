"""POST /api/v1/campaigns/{campaign_id}/test: send a sample to operators."""

from tidings.campaigns.testing import send_campaign_test
from tidings.platform.entry.rest import rest

handler = rest(send_campaign_test, status=202, message="The samples are accepted.")
