"""Plain values of limited size for templates, without methods."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from tidings.platform.text.cuts import cut
from tidings.templates.errors import BadVariable

# Every template may use these; the sender provides those that exist.
ALWAYS_KNOWN: Final = frozenset(
    {"name", "shop_name", "shop_url", "unsubscribe_url", "language", "time_zone", "is_guest"}
)
MAX_TEXT: Final = 10_000
MAX_DEPTH: Final = 5
MAX_VALUES: Final = 2_000
MAX_CHARACTERS: Final = 100_000
MAX_NUMBER: Final = 2**63 - 1
# JSON can contain half a surrogate pair, which a mail cannot.
HALF_A_CHARACTER: Final = re.compile("[\ud800-\udfff]")
# An address for a link; `javascript:` and the like are refused.
WEB_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'\\]+")


def plain(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return copies of the values, of exactly str, int, float, bool, list, dict or None.

    Raises:
        BadVariable: a value has another type, is too large or too deep.
    """
    copier = _Copier()
    return {name: copier.copy(name, value, 1, name) for name, value in variables.items()}


class _Copier:
    """Copies values and counts them."""

    def __init__(self) -> None:
        self._values = 0
        self._characters = 0

    def copy(self, key: str, value: Any, depth: int, name: str) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise _bad(name, f"there are more than {MAX_VALUES} values")
        if depth > MAX_DEPTH:
            raise _bad(name, f"the nesting is deeper than {MAX_DEPTH} levels")
        match value:
            case None | bool():
                return value
            case str():
                return self._text(key, value, name)
            case int() | float():
                return _number(value, name)
            case date():  # a datetime is one, too
                return value.isoformat()
            case Mapping():
                return {
                    self._key(each, name): self.copy(each, inner, depth + 1, name)
                    for each, inner in value.items()
                }
            case list() | tuple():
                return [self.copy("", each, depth + 1, name) for each in value]
        raise _bad(name, "it must be a text, number, boolean, list or object")

    def _text(self, key: str, value: str, name: str) -> str:
        text = self._counted(value, name)
        if len(text) > MAX_TEXT or self._characters > MAX_CHARACTERS:
            raise _bad(name, "its text is too long")
        if key.endswith("url") and text and not WEB_ADDRESS.fullmatch(text):
            raise _bad(name, "it is not an http or https address")
        return text

    def _key(self, key: Any, name: str) -> str:
        if not isinstance(key, str) or len(key) > 100:
            raise _bad(name, "its keys must be short texts")
        return self._counted(key, name)

    def _counted(self, value: str, name: str) -> str:
        self._characters += len(value)
        if HALF_A_CHARACTER.search(value):
            raise _bad(name, "it contains half a surrogate pair")
        # A subclass such as Markup becomes a plain string, so that it is always escaped.
        return str.__str__(value)


def _number(value: float, name: str) -> float:
    if not abs(value) <= MAX_NUMBER:  # also true for NaN
        raise _bad(name, "the number is too large")
    return float(value) if isinstance(value, float) else int(value)


def _bad(name: str, reason: str) -> BadVariable:
    return BadVariable(f"The variable {cut(name, 50)} is refused: {reason}.", field="variables")
