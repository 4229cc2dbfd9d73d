"""Shorten text from outside before it is shown or logged.

A response or a log line that quotes a client's text must not grow with that text.
"""

import re
from typing import Any, Final

from tidings.platform.text.cuts import ELLIPSIS, cut

# Limits of responses.
MAX_MESSAGE_CHARACTERS: Final = 500
MAX_FIELD_CHARACTERS: Final = 100
MAX_DETAILS: Final = 20
MAX_QUOTED_CHARACTERS: Final = 40
# Limits of one value in a log line; a traceback may be longer.
MAX_LOGGED_CHARACTERS: Final = 2_000
MAX_TRACEBACK_CHARACTERS: Final = 16_000
MAX_LOGGED_ITEMS: Final = 50
_MAX_LOGGED_DEPTH: Final = 6
REPLACEMENT: Final = "\ufffd"
# pydantic appends this to its error messages.
_QUOTED_INPUT: Final = re.compile(r", input_value=.*")
# These characters join the parts of an emoji or a word.
_JOINERS: Final = "\u200c\u200d"


def excerpt(text: str, most: int = MAX_MESSAGE_CHARACTERS) -> str:
    """Return a text of at most `most` characters; a text that was cut ends with `…`."""
    return cut(text, most, ellipsis=ELLIPSIS)


def quoted(text: str) -> str:
    """Return a text in quotes, short and without control characters and broken characters."""
    printable = "".join(each if _is_shown(each) else REPLACEMENT for each in text)
    return f'"{cut(printable, MAX_QUOTED_CHARACTERS, ellipsis=ELLIPSIS)}"'


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in _JOINERS


def without_input(text: str) -> str:
    """Return an error's text without the values that pydantic quotes: names, addresses, codes."""
    return _QUOTED_INPUT.sub("]", text)


def loggable(value: Any, depth: int = 0) -> Any:
    """Return a value for a log line, cut if it is long."""
    if isinstance(value, str):
        return excerpt(without_input(value), MAX_LOGGED_CHARACTERS)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value.bit_length() <= 128 else "a number of more than 38 digits"
    if depth == _MAX_LOGGED_DEPTH and isinstance(value, dict | list | tuple | set):
        return ELLIPSIS
    if isinstance(value, dict):
        kept = list(value.items())[:MAX_LOGGED_ITEMS]
        return {
            excerpt(str(name), MAX_FIELD_CHARACTERS): loggable(v, depth + 1) for name, v in kept
        }
    if isinstance(value, list | tuple | set):
        return [loggable(each, depth + 1) for each in list(value)[:MAX_LOGGED_ITEMS]]
    return value


def middle_cut(text: str, most: int) -> str:
    """Return the start and the end of a long text: the end of a traceback matters most."""
    half = most // 2
    return text if len(text) <= most else f"{cut(text, half)}\n{ELLIPSIS}\n{text[-half:]}"
