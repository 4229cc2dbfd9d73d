"""What LocalStack's plugin tells the runner with an event, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final, Self

RETRIES: Final = 2
MAX_AGE_SECONDS: Final = 6 * 3600
"""Lambda's own defaults."""

SEND_PATH: Final = "/_tidings/event-messages"
"""On LocalStack: sends to destinations and dead-letter queues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRules:
    """How often an event is tried, and the ARNs that are told of its end."""

    retries: int = RETRIES
    max_age_seconds: int = MAX_AGE_SECONDS
    on_success: str | None = None
    on_failure: str | None = None
    dead_letters: str | None = None
    role: str | None = None
    """Of the function: what is told is sent in its name."""

    @classmethod
    def read(cls, form: bytes) -> Self:
        """Return what `written` wrote.

        Raises:
            ValueError, TypeError: it is something else.
        """
        return cls(**json.loads(form))

    def written(self) -> str:
        return json.dumps(asdict(self))
