"""Dead letters with a one-time code: the code is voided and removed.

Operators can read, edit and redrive dead letters, but a code must reach only its own reader. The
person can request another one.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic_core import from_json

from tidings.monitoring import forecasts as _forecasts  # noqa: F401 (imports all events)
from tidings.platform.messaging.dead_letters import DeadLetter
from tidings.platform.messaging.events import EVENT_CLASSES, code_purposes
from tidings.platform.text.masking import MASK
from tidings.users.codes import void_told

VOID: Final = "void"
VOID_REASON: Final = "its one-time code is void; the person can request another one"
MAX_NESTING: Final = 50


def code_event_types() -> list[str]:
    """Return the types of the events that contain a code."""
    return [name for name, each in EVENT_CLASSES.items() if each.code_fields()]


def carries_code(letter: DeadLetter) -> bool:
    """Say whether a dead letter contains, or may contain, a one-time code."""
    if letter.type in code_event_types():
        return True
    names = code_purposes().keys()
    content = _content_of(letter.body)
    if content is None:
        return any(name.encode() in letter.body for name in names)
    types = [each for each in code_event_types() if each == content.get("type")]
    return bool(types) or any(names & told.keys() for told in _objects_in(content))


def without_code(letter: DeadLetter) -> DeadLetter:
    """Return a dead letter for storage, with its code voided and removed.

    Raises:
        redis.RedisError: Redis is unavailable, so the code still works.
    """
    content = _content_of(letter.body)
    if content is None:
        return letter.model_copy(update={"body": MASK.encode()})
    for told in _objects_in(content):
        owner = told.get("user_id") or content.get("subject")
        if isinstance(owner, str):
            void_told(owner, told)
        for name in code_purposes().keys() & told.keys():
            told[name] = VOID
    return letter.model_copy(update={"body": json.dumps(content, separators=(",", ":")).encode()})


def _content_of(body: bytes) -> dict[str, Any] | None:
    """Return a message's object; None if it cannot be parsed well enough to remove a part."""
    try:
        content = from_json(body, allow_inf_nan=False)
    except (ValueError, TypeError):
        return None
    return content if isinstance(content, dict) and _is_shallow(content, 0) else None


def _is_shallow(value: Any, depth: int) -> bool:
    if depth > MAX_NESTING:
        return False
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_is_shallow(each, depth + 1) for each in inner)


def _objects_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in list(inner):
        yield from _objects_in(each)
