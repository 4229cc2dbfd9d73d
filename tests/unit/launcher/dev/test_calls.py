import json

from tests.unit.launcher.dev.builders import a_call, a_line
from tidings_local.launcher.developing.dev.calls import Call, blocks, lines_of


def test_lines_of_the_platform_are_left_out() -> None:
    assert [line.message for line in lines_of(a_call("printed"))] == ["printed"]


def test_the_runtimes_advice_before_an_error_is_left_out() -> None:
    advice = "[WARNING]\t2026-11-29T06:00:26Z\t\tLAMBDA_WARNING: Unhandled exception. The most ..."
    assert [line.message for line in lines_of(a_call(advice, "printed"))] == ["printed"]


def test_json_line_is_split_into_fields() -> None:
    text = a_line("order placed", correlation_id="c-1", order_id="o-1", cold_start=True)
    (line,) = lines_of(a_call(text))
    assert (line.message, line.level, line.correlation_id) == ("order placed", "INFO", "c-1")
    assert line.fields == {"order_id": "o-1"}  # without fields that are shown elsewhere


def test_a_traceback_of_the_logger_is_kept() -> None:
    (line,) = lines_of(a_call(a_line("call failed", level="ERROR", exception="Traceback ...")))
    assert (line.level, line.trace) == ("ERROR", "Traceback ...")


def test_json_that_is_not_a_log_line_is_kept() -> None:
    printed = ['{"a": 1}', "[1]", '"text"']
    assert [line.message for line in lines_of(a_call(*printed))] == printed


def test_error_that_the_function_logged_is_not_shown_twice() -> None:
    call = a_call("[ERROR] KeyError: 'x'\xa0", is_error=True, payload='{"errorType": "KeyError"}')
    assert [(line.message, line.level) for line in lines_of(call)] == [
        ("[ERROR] KeyError: 'x'", "ERROR")
    ]


def test_traceback_that_the_runtime_wrote_on_one_line_is_split() -> None:
    text = '[ERROR] KeyError: 1\rTraceback (most recent call last):\r\xa0\xa0File "x.py"\r'
    (line,) = lines_of(a_call(text))
    assert line.message == "[ERROR] KeyError: 1"
    assert line.trace == 'Traceback (most recent call last):\n  File "x.py"'


def test_error_without_a_log_line_is_shown() -> None:
    payload = json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out"})
    (line,) = lines_of(a_call(is_error=True, payload=payload))
    assert (line.message, line.level) == ("Sandbox.Timedout: Task timed out", "ERROR")


def test_answer_that_is_not_json_is_shown_unchanged() -> None:
    (line,) = lines_of(a_call(is_error=True, payload="odd"))
    assert line.message == "Error: odd"


def test_lines_of_one_request_are_grouped() -> None:
    calls = [
        a_call(a_line("placed", correlation_id="one"), function="place-order"),
        a_call(a_line("viewed", correlation_id="two"), function="get-product"),
        a_call(a_line("reserved", correlation_id="one"), function="inventory"),
    ]
    assert [block.call.function for block in blocks(calls)] == [
        "place-order",
        "inventory",
        "get-product",
    ]


def test_lines_of_a_batch_are_split_by_request() -> None:
    lines = [
        a_line("first", correlation_id="one"),
        a_line("second", correlation_id="two"),
        "printed of two",
        a_line("third", correlation_id="one"),
    ]
    one, two = blocks([a_call(*lines)])
    assert [line.message for line in one.lines] == ["first", "third"]
    assert [line.message for line in two.lines] == ["second", "printed of two"]
    assert (one.is_first, two.is_first) == (True, False)


def test_lines_before_the_first_id_belong_to_its_request() -> None:
    (block,) = blocks([a_call("early", a_line("later", correlation_id="one"))])
    assert (block.correlation_id, len(block.lines)) == ("one", 2)


def test_calls_without_lines_keep_their_position() -> None:
    found = blocks([a_call(function="a"), a_call(function="b")])
    assert [(block.call.function, block.lines) for block in found] == [("a", []), ("b", [])]


def test_call_is_read_from_the_runners_report() -> None:
    told = {
        **{"number": 7, "request_id": "r", "error_type": None, "payload": ""},
        **{"function": "f", "ended_at": 1.0, "duration_ms": 2.0, "init_ms": None},
        **{"is_error": False, "logs": ""},
    }
    assert Call.of(told) == Call("f", 1.0, 2.0, None, False, "")
