"""Tests of the merging and rendering of log lines."""

import json

from tidings_local.launcher.operating.log_filter import Wanted
from tidings_local.launcher.operating.log_record import Record, as_json, render
from tidings_local.launcher.operating.logs import merged, timed


def line(message: str, at: str = "08:00:00,100", **fields: object) -> str:
    stamp = f"2026-11-21 {at}+0000"
    return json.dumps({"level": "INFO", "message": message, "timestamp": stamp} | fields)


def messages(records: list[Record]) -> list[str]:
    return [str(record.fields.get("message", record.text)) for record in records]


def test_lines_of_all_functions_are_ordered_by_time() -> None:
    gateway = timed([Record(9_999, "gateway", line("second", "08:00:02,000"))])
    orders = timed([Record(1, "orders", line("first", "08:00:01,000"))])
    assert messages(merged([*gateway, *orders])) == ["first", "second"]


def test_platform_lines_stay_around_their_invocation() -> None:
    at = timed([Record(5, "orders", line("inside"))])[0].at_ms
    written = [
        Record(at - 25_000, "orders", "START RequestId: 1"),
        Record(at + 30, "orders", line("inside")),
        Record(at + 30, "orders", "END RequestId: 1"),
        Record(at + 30, "orders", "REPORT RequestId: 1"),
    ]
    assert merged(timed(written)) == timed(written)
    assert [each.at_ms - at for each in timed(written)] == [-25_000, 0, 0, 0]


def test_call_does_not_start_after_its_first_line() -> None:
    at = timed([Record(5, "orders", line("inside"))])[0].at_ms
    lines = [Record(at + 1, "orders", "START RequestId: 1"), Record(at, "orders", line("inside"))]
    assert [each.at_ms - at for each in timed(lines)] == [0, 0]


def test_text_without_a_time_gets_cloudwatchs() -> None:
    lines = [Record(5, "f", "START RequestId: 1"), Record(5, "f", "hello")]
    assert [record.at_ms for record in timed([*lines, Record(5, "f", "END RequestId: 1")])] == [
        5,
        5,
        5,
    ]


def test_only_the_lines_of_one_request_are_shown() -> None:
    records = [
        Record(1, "gateway", "START RequestId: 1"),
        Record(1, "gateway", line("mine", correlation_id="a")),
        Record(1, "gateway", line("other", correlation_id="b")),
    ]
    assert messages(merged(timed(records), Wanted(correlation="a"))) == ["mine"]


def test_a_line_is_rendered_with_its_fields() -> None:
    text = line("order placed", correlation_id="a", order_id="42", function_name="noise")
    shown = render(timed([Record(1, "gateway", text)])[0])
    assert shown.startswith("08:00:00.100  gateway")
    assert "order placed  correlation_id=a order_id=42" in shown
    assert "noise" not in shown


def test_a_traceback_follows_its_line() -> None:
    text = line("failed", exception="Traceback (most recent call last):\n  ...")
    assert "\nTraceback" in render(Record(1, "orders", text))


def test_text_that_is_not_json_is_shown_unchanged() -> None:
    assert render(Record(0, "orders", "[1, 2]")).endswith("[1, 2]")


def test_a_line_in_a_pipe_is_one_json_object() -> None:
    written = json.loads(
        as_json(timed([Record(1, "orders", line("order placed", order_id="1"))])[0])
    )
    assert (written["message"], written["function"]) == ("order placed", "orders")
    assert written["timestamp"] == "2026-11-21T08:00:00.100+00:00"
    text = json.loads(as_json(Record(0, "redis", "Ready to accept", is_of_a_service=True)))
    assert (text["message"], text["service"]) == ("Ready to accept", "redis")


def test_only_a_terminal_gets_colours() -> None:
    record = Record(1, "orders", json.dumps({"level": "ERROR", "message": "failed"}))
    assert "\033[31m" in render(record, colour=True)
    assert "\033" not in render(record)


def test_control_characters_of_a_line_do_not_reach_the_terminal() -> None:
    """A client's text could otherwise clear the screen, or write another line over this one."""
    fields = {"level": "ERROR", "message": "a\x1b[2J", "reason": "b\x9b1A", "exception": "c\rd\ne"}
    texts = [json.dumps(fields), "of a service \x1b]0;owned\x07"]
    for text in texts:
        shown = render(Record(0, "orders", text))
        assert not set(shown) & set("\x1b\x9b\r\x07")
    assert "c\\x0dd\ne" in render(Record(0, "orders", texts[0]))
