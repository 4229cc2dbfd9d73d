"""What happens to a runtime process, as values on one queue that its caller waits on."""

from dataclasses import dataclass
from queue import SimpleQueue


@dataclass(frozen=True, slots=True)
class Ready:
    """The runtime asked for an event: initialised, or done with the last one."""


@dataclass(frozen=True, slots=True)
class InitFailed:
    error_type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    request_id: str
    payload: bytes
    is_error: bool = False
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Exited:
    code: int


Signal = Ready | InitFailed | Answered | Exited
Signals = SimpleQueue[Signal]
