"""The data about an ended call."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallRecord:
    account: str
    region: str
    function: str
    log_group: str
    log_stream: str
    text: str
    """The whole log, from START (or the output of its init) to REPORT."""
    ended_ms: int
    """Milliseconds since 1970."""
    duration_ms: float
    is_error: bool
    concurrent: int
    """The number of running calls of the function, including this one."""
    concurrent_in_all: int
    """The same for all functions."""
