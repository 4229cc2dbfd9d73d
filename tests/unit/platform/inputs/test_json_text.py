"""JSON from outside is read strictly: text that two parsers read differently is refused."""

import time
from contextlib import suppress
from typing import Any

import pytest

from tidings.platform.inputs.json_text import (
    MAX_DIGITS,
    MAX_NESTING,
    NotJson,
    parse_json,
    whole_number,
)


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + closing * depth


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('"gr\u00f6\u00dfe"'.encode(), "größe"),
        (b"1.5e2", 150.0),
        (b'"\\ud83d\\ude00 \\\\ud800 \\u00df"', "\U0001f600 \\ud800 \u00df"),
        (b"9" * MAX_DIGITS, int("9" * MAX_DIGITS)),
        (b'{"a": {"a": [{"a": 1}]}}', {"a": {"a": [{"a": 1}]}}),
        (b' {"a" : null }\n', {"a": None}),
        (nested(MAX_NESTING), None),
    ],
    ids=lambda each: str(each)[:20],
)
def test_json_is_read(text: bytes, value: Any) -> None:
    read = parse_json(text)
    assert value is None or read == value


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"nope", b"{} {}", b"{'a': 1}", b'{"a": 1,}',
        b"NaN", b"Infinity", b"-Infinity", b'{"a": NaN}',
        b"1e400", b"-1e400", b"1e99999999", b"9" * (MAX_DIGITS + 1), b"9" * 15_000,
        b"1." + b"0" * 15_000, b"1e" + b"9" * 15_000,
        b'{"a": 1, "a": 2}', b'{"a": {"b": 1, "b": 1}}', b'{"a": 1, "\\u0061": 2}',
        "{}".encode("utf-16"), "{}".encode("utf-16-le"), "{}".encode("utf-32"),
        b'"\\ud800"', b'{"a": ["x\\uDFFFy"]}', b'{"\\udc00": 1}', b'"\\ude00\\ud83d"',
        b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf\xef\xbb\xbf{}",
        nested(MAX_NESTING + 2), nested(500), nested(100_000), b"[" * 100_000,
        nested(500, b'{"a":', b"}").replace(b":}", b":1}"),
    ],
    ids=lambda each: f"{str(each)[:20]}-{len(each)}",
)  # fmt: skip
def test_text_that_is_not_strict_json_is_refused(text: bytes) -> None:
    with pytest.raises(NotJson):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "value"), [(b"2.0", 2), (b"2.5", 2.5), (b"1e3", 1000), (b"-0.0", 0)]
)
def test_number_without_a_fraction_can_be_read_as_an_integer(text: bytes, value: float) -> None:
    read = parse_json(text, parse_float=whole_number)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", [b"1e400", b"-1e999"])
def test_number_beyond_every_float_is_not_read_as_an_integer(text: bytes) -> None:
    with pytest.raises(NotJson):
        parse_json(text, parse_float=whole_number)


def test_large_body_of_any_kind_is_read_fast() -> None:
    size = 256 * 1024
    bodies = [
        b"[" * size, b"[" + b"[]," * (size // 3) + b"[]]", b"[" + b"9" * (size - 2) + b"]",
        b"[" + b"1e9," * (size // 4) + b"1]", b'{"a":' * (size // 5),
    ]  # fmt: skip
    for body in bodies:
        started = time.thread_time()
        with suppress(NotJson):
            parse_json(body)
        assert time.thread_time() - started < 2
