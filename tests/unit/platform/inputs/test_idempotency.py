"""An idempotency key is the same with quotes (RFC 8941) and without."""

import re
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tidings.platform.inputs.idempotency import IdempotencyKey

KEYS: TypeAdapter[str] = TypeAdapter(IdempotencyKey)
PATTERN = KEYS.json_schema()["pattern"]


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("abc", "abc"),
        ('"abc"', "abc"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (' "abc"\t', "abc"),
        ("a;b=c,d", "a;b=c,d"),
        (r'"a\"b"', 'a"b'),
        (r'"a\\b"', r"a\b"),
        ("~" * 128, "~" * 128),
        (f'"{"~" * 128}"', "~" * 128),
    ],
)
def test_quoted_and_bare_are_the_same_key(sent: str, key: str) -> None:
    assert KEYS.validate_python(sent) == key
    assert re.search(PATTERN, sent.strip())


@pytest.mark.parametrize(
    "sent",
    [
        "", " ", '"', '""', '"abc', 'abc"', 'a"b', r"a\b", r'"a\b"', '"a"b"', '"abc"x', '"a" "b"',
        '"abc";a=1', "a b", '"a b"', "ä", '"ä"', "a\n", '"a\n"', "\x00", "a" * 129,
        f'"{"a" * 129}"', "'a b'", 7, True, {"$gt": ""}, ["a"],
    ],
    ids=lambda each: repr(each)[:20],
)  # fmt: skip
def test_malformed_keys_are_refused(sent: Any) -> None:
    with pytest.raises(ValidationError):
        KEYS.validate_python(sent)
    assert not (isinstance(sent, str) and re.search(PATTERN, sent) and sent[-1:] != "\n")
