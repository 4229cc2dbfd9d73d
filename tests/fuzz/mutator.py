"""Mutate inputs that contain JSON, so that they stay valid JSON.

Random byte changes rarely help where Rust or C parses: their coverage is not measured.
"""

import json
import math
import random
from collections.abc import Iterator
from typing import Any, Final

BYTES_SHARE: Final = 0.3
ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 0.5, 2**31, 2**63, 10**400, 1e308, math.inf, math.nan),
    *("", " ", "\0", "\ud800", "\u202e", "x" * 300, "$where", "0", "null", [], [[]], {}, {"": 0}),
    *("2026-11-21T09:00:00Z", "2026-11-21T09:00:00", "2026-11-21"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
)


def changed(data: bytes, seed: int) -> bytes | None:
    """Return the input with a value of its JSON added, removed or replaced; None without JSON."""
    choice = random.Random(seed)
    parts = data.split(b"\0")
    place = choice.randrange(len(parts))
    try:
        content = json.loads(parts[place])
    except (ValueError, RecursionError):
        return None
    holders = [each for each in _values(content) if each and isinstance(each, dict | list)]
    if not holders or choice.random() < BYTES_SHARE:
        return None
    before = json.dumps(content)
    _change(choice.choice(holders), choice.choice([*ODD, *_values(content)]), choice)
    try:
        after = json.dumps(content)
    except (ValueError, RecursionError):  # it contains itself now
        return None
    if after == before:  # a value was replaced by itself
        return None
    parts[place] = after.encode()
    return b"\0".join(parts)


def _change(holder: Any, value: object, choice: random.Random) -> None:
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    key = choice.choice(keys)
    how = choice.randrange(4)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[str(value)[:20]] = holder[key]
    elif how == 1:
        holder.append(value)
    else:
        holder[key] = value


def _values(content: Any) -> Iterator[Any]:
    """Yield every value of a JSON text, including the whole."""
    waiting = [content]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, dict | list):
            waiting.extend(each.values() if isinstance(each, dict) else each)
