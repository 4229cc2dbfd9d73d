"""GET /metrics: counters of all functions and what waits, for Prometheus."""

from tidings.operations.exposition import exposition
from tidings.platform.plain_text import public_text


@public_text(media_type="text/plain; version=0.0.4; charset=utf-8", kept_seconds=5)
def handler() -> str:
    return exposition()
