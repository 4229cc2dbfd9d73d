"""Large values from callers make neither long answers nor long log lines."""

import io
import json
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.unit.platform.builders import CONTEXT, answer_of, api_event
from tidings.platform.entry.answers import Reply
from tidings.platform.entry.http import EndpointContract, endpoint
from tidings.platform.entry.requests import Request
from tidings.platform.errors import InvalidInput
from tidings.platform.logging import line_of, logger
from tidings.platform.messaging.history import failed_attempt
from tidings.platform.operation import PUBLIC
from tidings.platform.text.excerpts import MAX_DETAILS, excerpt, middle_cut, quoted

FEW_KB = 10_000


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=10)
    tags: list[int] = Field(default_factory=list)


@endpoint(EndpointContract(role=PUBLIC, body=Note))
def take_note(request: Request[Note]) -> Reply:
    return Reply(request.body)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return a buffer with the log lines written from now on."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


@pytest.mark.parametrize("value", ["Ada, input_type=str", "a\nb" * 9, {"code": "Ada"}])
def test_model_errors_quote_no_value_in_logs_and_histories(value: object, log: io.StringIO) -> None:
    try:
        Note.model_validate({"text": value, "tags": value})
    except ValidationError as error:
        logger.exception("unexpected error", reason=repr(error))
        told = [log.getvalue(), failed_attempt(error).error]
    assert not [each for each in told if "Ada" in each or "a\\nb" in each]
    assert all("text" in each and "valid" in each for each in told)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("title", "title"),
        ("a\x00b\ud800c\n", "a\ufffdb\ufffdc\ufffd"),
        ("👩\u200d👩\u200d👧 Größe", "👩\u200d👩\u200d👧 Größe"),
        ("👩\u200d👩\u200d👧" * 20, "👩\u200d👩\u200d👧" * 7 + "…"),
        ("🇩🇪" * 50, "🇩🇪" * 19 + "…"),
    ],
)
def test_quoted_text_is_short_and_of_whole_characters(text: str, shown: str) -> None:
    assert quoted(text) == f'"{shown}"'


def test_short_text_is_unchanged_and_long_text_is_cut() -> None:
    assert excerpt("abc", 3) == "abc"
    assert excerpt("abcd", 3) == "ab…"
    assert middle_cut("a" * 50 + "b" * 50, 20) == "a" * 10 + "\n…\n" + "b" * 10


@pytest.mark.parametrize(
    "body",
    [
        {f"k{n}": 1 for n in range(15_000)},
        {"k" * 200_000: 1},
        {"text": "a", "tags": ["x"] * 20_000},
        {"text": "a", "tags": [{"a" * 1000: 1}] * 150},
        {"text": "x" * 200_000},
    ],
    ids=["unknown keys", "long key", "bad items", "bad objects", "long text"],
)
def test_refusal_does_not_grow_with_the_request(body: Any, log: io.StringIO) -> None:
    response = take_note(api_event(body), CONTEXT)
    status, envelope = answer_of(response)
    assert status == 400
    assert len(response["body"]) < FEW_KB
    assert len(envelope["error"]["details"]) <= MAX_DETAILS + 1
    assert log.getvalue()
    assert all(len(line) < FEW_KB for line in log.getvalue().splitlines())


def test_refusal_counts_the_problems_that_it_does_not_list() -> None:
    body = {"text": "a"} | {f"key{n}": n for n in range(100)}
    details = answer_of(take_note(api_event(body), CONTEXT))[1]["error"]["details"]
    assert details[-1] == {"field": "", "message": f"and {100 - MAX_DETAILS} more"}


def test_refusal_that_quotes_the_request_is_short() -> None:
    @endpoint(EndpointContract(role=PUBLIC))
    def refuses(_: Request[None]) -> Reply:
        raise InvalidInput("There is no " + "x" * 100_000, field="name")

    assert len(refuses(api_event(), CONTEXT)["body"]) < FEW_KB


def test_error_that_quotes_the_request_is_logged_in_short(log: io.StringIO) -> None:
    try:
        raise RuntimeError("y" * 200_000)
    except RuntimeError:
        logger.exception("unexpected error", value="x" * 200_000, items=["a"] * 10_000)
    (line,) = log.getvalue().splitlines()
    assert len(line) < 25_000
    logged = json.loads(line)
    assert logged["message"] == "unexpected error"
    assert "RuntimeError" in logged["exception"]
    assert len(logged["items"]) == 50


@pytest.mark.parametrize(
    "value",
    [10**5000, -(10**5000), {"a": 10**5000}, object(), {1: {2: {3: {4: {5: {6: {7: 8}}}}}}}],
    ids=["large", "small", "inside", "object", "deep"],
)
def test_any_value_can_be_logged(value: Any) -> None:
    assert len(line_of({"message": "m", "value": value})) < 1_000


def test_ordinary_values_are_logged_unchanged() -> None:
    record = {"message": "m", "count": 3, "on": True, "share": 0.5, "none": None, "ids": ["a", "b"]}
    assert json.loads(line_of(record)) == record
