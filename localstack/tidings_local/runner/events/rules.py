"""The retry settings and targets that LocalStack's plugin sends with an event, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final, Self

RETRIES: Final = 2
MAX_AGE_SECONDS: Final = 6 * 3600
"""Lambda's own defaults."""

SEND_PATH: Final = "/_tidings/event-messages"
"""LocalStack's address for messages to destinations and dead-letter queues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRules:
    """The number of attempts of an event, and the ARNs that get its result."""

    retries: int = RETRIES
    max_age_seconds: int = MAX_AGE_SECONDS
    on_success: str | None = None
    on_failure: str | None = None
    dead_letters: str | None = None
    role: str | None = None
    """The function's role, with which messages are sent."""

    @classmethod
    def read(cls, form: bytes) -> Self:
        """Return the rules that `written` wrote.

        Raises:
            ValueError, TypeError: the value has another format.
        """
        return cls(**json.loads(form))

    def written(self) -> str:
        return json.dumps(asdict(self))
