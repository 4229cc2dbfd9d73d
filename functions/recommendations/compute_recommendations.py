"""Rule `recommendations`, 05:00 UTC: everybody's list is computed anew, in chunks."""

from datetime import datetime

from tidings.platform.job import Summary, scheduled_job
from tidings.recommendations.refresh import compute_recommendations


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"chunks_asked_for": compute_recommendations(scheduled_at)}
