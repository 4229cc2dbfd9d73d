"""Rule `recommendations`, 05:00 UTC: compute all lists, in chunks."""

from datetime import datetime

from tidings.platform.entry.job import Summary, scheduled_job
from tidings.recommendations.refresh import compute_recommendations


@scheduled_job
def handler(scheduled_at: datetime) -> Summary:
    return {"chunks_asked_for": compute_recommendations(scheduled_at)}
