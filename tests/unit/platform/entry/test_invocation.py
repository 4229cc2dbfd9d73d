"""Each kind of entry point marks its log lines, and notes a refused password of MongoDB."""

import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import ANY

import pytest
from pymongo.errors import NetworkTimeout, OperationFailure

from tests.unit.platform.builders import CONTEXT, api_event
from tidings.platform.entry import job
from tidings.platform.entry.command import command
from tidings.platform.entry.consumer import consumer
from tidings.platform.entry.dead_letter_consumer import dead_letter_consumer
from tidings.platform.entry.http import public_document
from tidings.platform.entry.invocation import watched
from tidings.platform.entry.pages import Page, page
from tidings.platform.entry.plain_text import plain_text
from tidings.platform.entry.subscriber import subscriber
from tidings.platform.logging import logger
from tidings.platform.storage import database

BATCH = {"rmqMessagesByQueue": {"orders::/": [{"data": "bm8="}]}}


def current_id() -> Any:
    return logger.get_current_keys().get("aws_request_id")


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """List the id in the logs at the moment when each entry point does its work."""
    seen: list[Any] = []
    logger.append_keys(aws_request_id="another")
    monkeypatch.setattr(database, "connect", lambda: seen.append(current_id()))
    monkeypatch.setattr(job, "run_once", lambda *_, **__: {})
    return seen


HANDLERS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "page": (page()(lambda _: Page("Title", "Text")), api_event()),
    "text": (
        plain_text(media_type="text/plain", kept_seconds=0, check=lambda _: None)(lambda: ""),
        api_event(),
    ),
    "dead letters": (dead_letter_consumer(lambda _: None), BATCH),
    "job": (job.scheduled_job(lambda _: {}), {"time": "2026-11-29T09:00:00Z"}),
    "subscriber": (subscriber(lambda _: None), {"Records": [{"Sns": {"Message": "{}"}}]}),
    "consumer": (consumer()(lambda _: None), {"rmqMessagesByQueue": {}}),
}


@pytest.mark.parametrize("kind", HANDLERS)
def test_log_lines_have_the_id_of_the_invocation(kind: str, ids: list[Any]) -> None:
    handler, event = HANDLERS[kind]
    handler(event, CONTEXT)
    assert ids == ["request-1"]


@pytest.mark.parametrize("kind", HANDLERS)
def test_refused_password_of_mongodb_is_read_again(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationFailure("Authentication failed.", database.AUTHENTICATION_FAILED)

    monkeypatch.setattr(database, "connect", refuse)
    monkeypatch.setattr(database, "_opened", database._Opened())
    handler, event = HANDLERS[kind]
    with suppress(OperationFailure):  # HTTP answers 503
        handler(event, CONTEXT)
    assert database._opened.was_refused


@pytest.fixture
def errors(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """List the lines at the level ERROR, each with the keys of its context."""
    told: list[dict[str, Any]] = []

    def note(message: str, **fields: Any) -> None:
        told.append({**logger.get_current_keys(), "message": message, **fields})

    monkeypatch.setattr(logger, "exception", note)
    return told


def hangs(*_: Any) -> None:
    raise NetworkTimeout("127.0.0.1: timed out")


FAILING: dict[str, tuple[Callable[..., Any], dict[str, Any], str | None]] = {
    "dead letters": (dead_letter_consumer(hangs), BATCH, None),
    "job": (
        job.scheduled_job(hangs),  # type: ignore[arg-type]
        {"time": "2026-11-29T09:00:00Z", "id": "run-1"},
        "run-1",
    ),
    "subscriber": (
        subscriber(hangs),
        {"Records": [{"Sns": {"Message": "{}", "MessageId": "report-1"}}]},
        "report-1",
    ),
    "command": (command("users", recording=None)(hangs), {}, ANY),
}


@pytest.mark.parametrize("kind", FAILING)
def test_error_that_ends_an_invocation_is_logged_once_with_our_keys(
    kind: str, errors: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "connect", lambda: None)
    monkeypatch.setattr(job, "run_once", lambda _job, _time, work, **_: work())
    handler, event, correlation = FAILING[kind]
    with pytest.raises(NetworkTimeout) as raised:
        handler(event, CONTEXT)
    (line,) = errors
    assert (line["message"], line["outcome"]) == ("invocation failed", "error")
    assert line["aws_request_id"] == "request-1"
    assert line.get("correlation_id") == correlation
    # Lambda's runtime repeats the error with the frames that are left: those of the handler.
    assert {Path(each.filename).name for each in traceback.extract_tb(raised.tb)} <= {
        Path(__file__).name,
        "invocation.py",
    }


def test_without_a_context_the_last_id_is_gone(ids: list[Any]) -> None:
    public_document(max_age_seconds=1)(dict)(api_event(), None)
    assert current_id() is None
    assert ids == []


def a_context(*left_ms: int) -> SimpleNamespace:
    """Return a context that tells these rests of the function's time, one at each question."""
    left = iter(left_ms)
    return SimpleNamespace(
        aws_request_id="request-1", get_remaining_time_in_millis=lambda: next(left)
    )


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(logger, "warning", lambda message, **_: told.append(message))
    return told


@pytest.mark.parametrize(("left_ms", "warned"), [(1_999, True), (2_000, False)])
def test_invocation_near_its_timeout_is_in_the_log(
    left_ms: int, warned: bool, warnings: list[str]
) -> None:
    with watched(a_context(20_000, left_ms)):
        pass
    assert warnings == ["invocation ended near its timeout"] * warned


def test_failed_invocation_near_its_timeout_is_in_the_log_too(warnings: list[str]) -> None:
    with pytest.raises(LookupError), watched(a_context(20_000, 1)):
        raise LookupError
    assert warnings == ["invocation ended near its timeout"]


def test_invocation_outside_of_lambda_has_no_timeout(warnings: list[str]) -> None:
    with watched(None):
        pass
    assert warnings == []
