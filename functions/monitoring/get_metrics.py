"""GET /metrics: counters of all functions and backlogs, for Prometheus."""

from tidings.monitoring.exposition import check_scraper, exposition
from tidings.platform.entry.plain_text import plain_text


@plain_text(
    media_type="text/plain; version=0.0.4; charset=utf-8", kept_seconds=5, check=check_scraper
)
def handler() -> str:
    return exposition()
