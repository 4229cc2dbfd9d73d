"""Parse JSON from outside strictly (RFC 8259): refuse text that parsers may read differently.

Python's own parser accepts NaN, numbers that no float can hold, half a surrogate pair, UTF-16, and
the last of two values with the same name.
"""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any, Final

MAX_NESTING: Final = 32
# Every JSON parser reads integers up to here exactly (RFC 8259 section 6).
MAX_EXACT_INTEGER: Final = 2**53 - 1
# Longer than every number that we accept. Python needs quadratic time to parse a long number.
MAX_DIGITS: Final = 400

ParseFloat = Callable[[str], float]


class NotJson(ValueError):
    """The text is not JSON, or is JSON that programs read differently."""


def parse_json(raw: bytes, *, parse_float: ParseFloat = float) -> Any:
    """Return the value of a JSON text.

    Args:
        raw: UTF-8, with or without a byte order mark.
        parse_float: converts a number literal that has a fraction or an exponent.

    Raises:
        NotJson: the text is not JSON, repeats a name in an object, nests deeper than MAX_NESTING,
            has a number that is too long or that no float can hold, or half a surrogate pair.
    """

    def number(text: str) -> float:
        value = parse_float(_short(text))
        if not math.isfinite(value):
            raise NotJson("a number is too large")
        return value

    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=number,
            parse_int=lambda text: int(_short(text)),
            object_pairs_hook=_each_name_once,
        )
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None
    _check_nesting(value)
    if "\\u" in text:
        _check_characters(value)
    return value


def whole_number(text: str) -> int | float:
    """Read 2.0 as an integer, as JSON does, because some languages write integers so."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _short(text: str) -> str:
    if len(text) > MAX_DIGITS:
        raise NotJson("a number has too many digits")
    return text


def _refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not define."""
    raise NotJson(name)


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise NotJson("an object has a name twice")
    return values


def _check_nesting(value: Any) -> None:
    level, depth = [value], 0
    while level := [each for inner in level for each in _inside(inner)]:
        depth += 1
        if depth > MAX_NESTING:
            raise NotJson("the nesting is too deep")


def _check_characters(value: Any) -> None:
    """Refuse half a surrogate pair: it can neither be stored nor hashed."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotJson("half a surrogate pair") from None


def _inside(value: Any) -> Iterator[Any]:
    """Yield the lists and objects in a list or an object."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (each for each in inner if isinstance(each, dict | list))
