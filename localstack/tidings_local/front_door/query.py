"""Decode query strings as API Gateway does for a function."""

import codecs
from typing import Final
from urllib.parse import quote, unquote

_BROKEN_TO_PERCENT: Final = "tidings.percent"

MultiValues = dict[str, list[str]]


def multi_values(query: str) -> MultiValues:
    """Return every name with its values, in the client's order.

    A name without `=` has an empty value. Bytes that are not UTF-8 stay percent-encoded.
    """
    values: MultiValues = {}
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            values.setdefault(_decoded(name), []).append(_decoded(value))
    return values


def last_values(values: MultiValues) -> dict[str, str]:
    return {name: many[-1] for name, many in values.items()}


def _decoded(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    return unquote(text, errors=_BROKEN_TO_PERCENT) if "%" in text else text


def _percent(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return quote(error.object[error.start : error.end], safe=""), error.end


codecs.register_error(_BROKEN_TO_PERCENT, _percent)
