"""Fixtures that switch tracing on, and keep the spans that would be sent."""

from collections.abc import Callable, Iterator

import pytest

from tidings.platform.settings import settings
from tidings.platform.tracing import otlp
from tidings.platform.tracing.spans import Span


@pytest.fixture
def traces_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that sets the destination of spans."""
    for name in ("_X_AMZN_TRACE_ID", "TIDINGS_TRACES"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()

    def use(destination: str) -> None:
        monkeypatch.setenv("TIDINGS_TRACES", destination)
        settings.cache_clear()

    yield use
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, traces_to: Callable[[str], None]) -> list[Span]:
    """Switch tracing on; return the spans that were sent."""
    kept: list[Span] = []
    monkeypatch.setattr(otlp, "send", lambda _url, _function, spans: kept.extend(spans))
    traces_to("http://collector.invalid/v1/traces")
    return kept
