"""An event, as far as spans are concerned; only type checkers import this."""

from typing import Protocol


class Traced(Protocol):
    """What `tidings.platform.messaging.events.Event` has."""

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def correlationid(self) -> str | None: ...
    @property
    def traceparent(self) -> str | None: ...
