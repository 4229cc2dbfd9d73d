"""Structured logs: one JSON object per line, constant messages with fields.

Every line has `level`, `message`, `timestamp`, `function`, `domain`, and inside of a request or an
event `correlation_id`; inside of an event also `message_id` and `event_type`. Lines about a person
have the hash of the id (docs/monitoring.md).
"""

import hashlib
import json
import logging
import random
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

# Powertools' name, and ours.
KEYS: Final = {"service": "function"}
# Keys whose value is a person's id. The ids are random, so their hashes need no key.
PERSONS: Final = frozenset({"user_id", "by"})
HASH_CHARACTERS: Final = 16
TRACEBACKS: Final = frozenset({"exception", "stack_trace"})

_random = random.SystemRandom()


def line_of(record: dict[str, Any]) -> str:
    """Return a log line; long values are cut, and errors do not quote input."""
    bounded = {
        KEYS.get(name, name): middle_cut(without_input(value), MAX_TRACEBACK_CHARACTERS)
        if name in TRACEBACKS and isinstance(value, str)
        else hashed(value)
        if name in PERSONS
        else loggable(value)
        for name, value in record.items()
    }
    return json.dumps(bounded, default=_shown, separators=(",", ":"), ensure_ascii=False)


def hashed(person_id: object) -> str | None:
    """Return what lines show instead of a person's id: the same person has the same hash."""
    if person_id is None:
        return None
    return hashlib.sha256(str(person_id).encode()).hexdigest()[:HASH_CHARACTERS]


def sample_debug() -> None:
    """Log this invocation in detail, or not, by the setting `debug_sample`."""
    rate = settings().debug_sample
    if rate > 0:
        level = logging.DEBUG if _random.random() < rate else _level()
        _logger().setLevel(level)


def _shown(value: object) -> Any:
    return loggable(str(value))


@cache
def _logger() -> Logger:
    # POWERTOOLS_LOG_LEVEL sets the level. The function's name is the service, so one query over all
    # log groups shows which function logged.
    made = Logger(service=settings().function_name, utc=True, json_serializer=line_of)
    made.addFilter(_note_domain)
    return made


@cache
def _level() -> int:
    """Return the level of the environment, which POWERTOOLS_LOG_LEVEL set."""
    return int(_logger().log_level)


def _note_domain(record: logging.LogRecord) -> bool:
    record.domain = _domain_of(record.pathname)
    return True


@cache
def _domain_of(path: str) -> str:
    """Return the package of the code that logs: `orders`, `platform`.

    Outside of ours it is the function: `console`, or `gateway`.
    """
    _, found, after = path.rpartition("/tidings/")
    if found:
        return after.split("/")[0]
    return "console" if settings().function_name.endswith("-console") else "gateway"


class _MadeAtFirstUse:
    """Reads the environment at the first call, not at import.

    A runner may import the layer once and fork the processes of many functions from it.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(_logger(), name)


logger = cast(Logger, _MadeAtFirstUse())

# The broker module logs the same in one line.
logging.getLogger("pika").setLevel(logging.CRITICAL)
