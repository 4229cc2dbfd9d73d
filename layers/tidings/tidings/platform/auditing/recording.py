"""How the acts of an operation are recorded."""

from enum import StrEnum


class Recording(StrEnum):
    """When an operation's acts are written into the audit trail, and for how long."""

    # An entry before the act, completed after it: a process that dies in between leaves a trace.
    BEGUN_AND_ENDED = "begun and ended"
    # One entry after the act. For reads, whose answer waits for it.
    ENDED = "ended"
    # The same, for acts by the thousand that store a request of their own before they act. Kept
    # for a shorter time.
    ROUTINE = "routine"

    @property
    def begins(self) -> bool:
        """Whether an entry is stored before the act."""
        return self is Recording.BEGUN_AND_ENDED
