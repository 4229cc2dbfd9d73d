import json
import logging
import sys

from tidings_local.service.json_log import JsonFormatter


def formatted(**fields: object) -> dict[str, object]:
    record = logging.makeLogRecord({"name": "bridge", "levelname": "INFO", "msg": "said"} | fields)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    line: dict[str, object] = json.loads(text)
    return line


def test_fields_are_written_with_the_message() -> None:
    line = formatted(queue="inventory", correlation_ids=["c-1"])
    assert (line["message"], line["level"], line["logger"]) == ("said", "INFO", "bridge")
    assert (line["queue"], line["correlation_ids"]) == ("inventory", ["c-1"])
    assert "levelno" not in line


def test_exception_is_on_the_same_line() -> None:
    try:
        raise KeyError("missing")
    except KeyError:
        line = formatted(exc_info=sys.exc_info())
    assert "KeyError: 'missing'" in str(line["exception"])
