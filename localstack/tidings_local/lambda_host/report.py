"""The log lines that AWS writes around a function's own output."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from tidings_local.lambda_host.faults import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    request_id: str
    version: str
    duration_ms: float
    memory_mb: int
    used_mb: int
    init_ms: float | None = None
    fault: Fault | None = None


def render(report: Report, *, init_output: str, output: str) -> str:
    """Return the complete log of one invocation in AWS's order."""
    parts = [
        _terminated(init_output),
        f"START RequestId: {report.request_id} Version: {report.version}\n",
        _terminated(output),
        _fault_lines(report),
        f"END RequestId: {report.request_id}\n",
        report_line(report) + "\n",
    ]
    return "".join(parts)


def report_line(report: Report) -> str:
    fields = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {math.ceil(report.duration_ms)} ms",
        f"Memory Size: {report.memory_mb} MB",
        f"Max Memory Used: {report.used_mb} MB",
    ]
    if report.init_ms is not None:
        fields.append(f"Init Duration: {report.init_ms:.2f} ms")
    return "\t".join([*fields, *_status(report.fault)])


def init_report_line(init_ms: float, fault: Fault) -> str:
    fields = [f"INIT_REPORT Init Duration: {init_ms:.2f} ms", "Phase: init"]
    return "\t".join([*fields, *_status(fault)])


def _status(fault: Fault | None) -> list[str]:
    if fault is None:
        return []
    if fault.status == "timeout":
        return ["Status: timeout"]
    return ["Status: error", f"Error Type: {fault.error_type}"]


def _fault_lines(report: Report) -> str:
    fault = report.fault
    if fault is None:
        return ""
    if fault.status == "timeout":
        return f"{_now()} {report.request_id} {fault.message.partition('Error: ')[2]}\n\n"
    if fault.error_type == "Runtime.ExitError":
        return f"{fault.message}\n{fault.error_type}\n"
    return ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _terminated(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"
