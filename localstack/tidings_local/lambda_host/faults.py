"""The errors that AWS reports if a runtime fails instead of a handler: types and exact texts."""

import json
import signal
from dataclasses import dataclass
from typing import Literal

RESPONSE_LIMIT_BYTES = 6_291_556

# In the words of Go's os/exec, in which AWS's supervisor is written.
_SIGNAL_NAMES = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
}


@dataclass(frozen=True, slots=True)
class Fault:
    error_type: str
    message: str
    status: Literal["error", "timeout"] = "error"

    def payload(self) -> bytes:
        return json.dumps({"errorType": self.error_type, "errorMessage": self.message}).encode()


def timed_out(request_id: str, seconds: float) -> Fault:
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return Fault("Sandbox.Timedout", message, status="timeout")


def exited(request_id: str, code: int) -> Fault:
    return Fault("Runtime.ExitError", f"RequestId: {request_id} Error: {exit_reason(code)}")


def response_too_large() -> Fault:
    return Fault(
        "Function.ResponseSizeTooLarge",
        "Response payload size exceeded maximum allowed payload size "
        f"({RESPONSE_LIMIT_BYTES} bytes).",
    )


def exit_reason(code: int) -> str:
    """Return AWS's text for an ended process; `code` is that of `subprocess`."""
    if code == 0:
        return "Runtime exited without providing a reason"
    if code > 0:
        return f"Runtime exited with error: exit status {code}"
    return f"Runtime exited with error: signal: {_signal_name(-code)}"


def _signal_name(number: int) -> str:
    return _SIGNAL_NAMES.get(signal.Signals(number), f"signal {number}")
