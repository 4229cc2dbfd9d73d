"""Forecast the result of redriving a message of a campaign; nothing is stored."""

from tidings.campaigns.audiences import chunk_after
from tidings.campaigns.events import ExpandCampaign, PromoCampaign
from tidings.campaigns.expanding import PEOPLE_PER_CHUNK, content_of, running
from tidings.campaigns.experiments import parts_of
from tidings.notifications.forecasting import forecast_content
from tidings.platform.messaging.forecast import Forecast


def forecast(event: PromoCampaign | ExpandCampaign, *, renders: bool) -> Forecast | None:
    """Return the failure of a chunk whose notifications cannot be made."""
    after = event.data.after_user_id if isinstance(event, ExpandCampaign) else None
    found = running(event.data.campaign_id, event.data.run_id, after).first() if renders else None
    if found is None:
        return None
    chunk = chunk_after(found.audience, after, found.run.started_at, PEOPLE_PER_CHUNK)
    forecasts = (
        forecast_content(part.user_ids, part.content)
        for part in parts_of(found, chunk.user_ids, content_of(found, chunk.user_ids))
    )
    return next((each for each in forecasts if each is not None), None)
