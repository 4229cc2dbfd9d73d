"""Structured logs: one JSON object per line, constant messages with fields."""

import json
import logging
from functools import cache
from typing import Any, Final, cast

from aws_lambda_powertools.logging.logger import Logger

from tidings.platform.settings import settings
from tidings.platform.text.excerpts import (
    MAX_TRACEBACK_CHARACTERS,
    loggable,
    middle_cut,
    without_input,
)

TRACEBACKS: Final = frozenset({"exception", "stack_trace"})


def line_of(record: dict[str, Any]) -> str:
    """Return a log line; long values are cut, and errors do not quote input."""
    bounded = {
        name: middle_cut(without_input(value), MAX_TRACEBACK_CHARACTERS)
        if name in TRACEBACKS and isinstance(value, str)
        else loggable(value)
        for name, value in record.items()
    }
    return json.dumps(bounded, default=_shown, separators=(",", ":"), ensure_ascii=False)


def _shown(value: object) -> Any:
    return loggable(str(value))


@cache
def _logger() -> Logger:
    # POWERTOOLS_LOG_LEVEL sets the level. The function's name is the service, so one query over all
    # log groups shows which function logged.
    return Logger(service=settings().function_name, utc=True, json_serializer=line_of)


class _MadeAtFirstUse:
    """Reads the environment at the first call, not at import.

    A runner may import the layer once and fork the processes of many functions from it.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(_logger(), name)


logger = cast(Logger, _MadeAtFirstUse())

# The broker module logs the same in one line.
logging.getLogger("pika").setLevel(logging.CRITICAL)
