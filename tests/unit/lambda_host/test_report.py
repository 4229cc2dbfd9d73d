import re
from dataclasses import replace

from tidings_local.lambda_host import faults
from tidings_local.lambda_host.faults import Fault
from tidings_local.lambda_host.report import Report, init_report_line, render, report_line

REPORT = Report(request_id="r-1", version="$LATEST", duration_ms=3.207, memory_mb=128, used_mb=40)


def lines_of(report: Report, init_output: str = "", output: str = "") -> list[str]:
    return render(report, init_output=init_output, output=output).splitlines()


def test_report_line_is_separated_by_tabs() -> None:
    assert report_line(REPORT) == (
        "REPORT RequestId: r-1\tDuration: 3.21 ms\tBilled Duration: 4 ms"
        "\tMemory Size: 128 MB\tMax Memory Used: 40 MB"
    )


def test_first_call_reports_its_init() -> None:
    assert report_line(replace(REPORT, init_ms=80)).endswith("\tInit Duration: 80.00 ms")


def test_timeout_is_a_status_of_its_own() -> None:
    report = replace(REPORT, fault=faults.timed_out("r-1", 3))
    assert report_line(report).endswith("\tStatus: timeout")


def test_failed_runtime_reports_its_error_type() -> None:
    report = replace(REPORT, fault=faults.exited("r-1", 1))
    assert report_line(report).endswith("\tStatus: error\tError Type: Runtime.ExitError")


def test_output_stands_between_start_and_end_and_init_output_before() -> None:
    lines = lines_of(REPORT, init_output="loading\n", output="working")
    assert lines[:4] == [
        "loading",
        "START RequestId: r-1 Version: $LATEST",
        "working",
        "END RequestId: r-1",
    ]


def test_timeout_line_has_time_and_request() -> None:
    lines = lines_of(replace(REPORT, fault=faults.timed_out("r-1", 3)))
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z r-1 Task timed out after 3\.00 seconds", lines[1]
    )


def test_exit_is_logged_before_the_end() -> None:
    lines = lines_of(replace(REPORT, fault=faults.exited("r-1", 1)))
    assert lines[1:4] == [
        "RequestId: r-1 Error: Runtime exited with error: exit status 1",
        "Runtime.ExitError",
        "END RequestId: r-1",
    ]


def test_failed_init_has_a_report_of_its_own() -> None:
    assert init_report_line(12.5, Fault("Runtime.ImportModuleError", "")) == (
        "INIT_REPORT Init Duration: 12.50 ms\tPhase: init\tStatus: error"
        "\tError Type: Runtime.ImportModuleError"
    )
