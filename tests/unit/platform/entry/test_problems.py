import pytest
import redis
from pydantic import BaseModel, ValidationError
from pymongo.errors import AutoReconnect, NetworkTimeout, OperationFailure, PyMongoError
from pymongo.errors import ServerSelectionTimeoutError as NoServer

from tidings.platform.entry.problems import problem_of
from tidings.platform.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    RuleRefused,
    TidingsError,
    Unauthenticated,
    Unavailable,
)
from tidings.platform.inputs.parsing import InvalidFields, parsed
from tidings.platform.logging import logger
from tidings.platform.messaging.broker import BrokerUnavailable
from tidings.platform.storage.pagination import Page
from tidings.platform.text.excerpts import MAX_DETAILS
from tidings.users.preferences import Preferences


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidInput, 400, "BAD_USER_INPUT"),
        (Unauthenticated, 401, "UNAUTHENTICATED"),
        (Forbidden, 403, "FORBIDDEN"),
        (NotFound, 404, "NOT_FOUND"),
        (Conflict, 409, "CONFLICT"),
        (PayloadTooLarge, 413, "BAD_USER_INPUT"),
        (RuleRefused, 422, "BAD_USER_INPUT"),
        (Unavailable, 503, "INTERNAL"),
        (BrokerUnavailable, 503, "INTERNAL"),
    ],
)
def test_refusal_keeps_its_text(error: type[TidingsError], status: int, code: str) -> None:
    problem = problem_of(error("Because."))
    assert (problem.status, problem.code, problem.message) == (status, code, "Because.")
    assert problem.details == ()


def test_limit_has_the_time_to_wait() -> None:
    problem = problem_of(RateLimited(42))
    assert (problem.status, problem.code) == (429, "RATE_LIMITED")
    assert problem.headers == {"Retry-After": "42"}
    assert "42 seconds" in problem.message


@pytest.mark.parametrize(
    "error", [redis.ConnectionError("redis://:secret@host"), redis.TimeoutError("x")]
)
def test_unavailable_redis_is_reported_without_its_address(error: redis.RedisError) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (503, "INTERNAL")
    assert problem.headers["Retry-After"]
    assert "secret" not in problem.message


def test_field_of_a_refusal_becomes_a_detail() -> None:
    problem = problem_of(Conflict("It is taken.", field="sku"))
    assert problem.details == ({"field": "sku", "message": "It is taken."},)


@pytest.mark.parametrize(
    "error", [NoServer("mongodb://user:secret@host"), AutoReconnect("x"), NetworkTimeout("x")]
)
def test_unavailable_database_is_reported_without_its_address(error: PyMongoError) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (503, "INTERNAL")
    assert "secret" not in problem.message
    assert int(problem.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "error",
    [RuntimeError("the password is hunter2"), OperationFailure("hunter2"), KeyError("hunter2")],
)
def test_unknown_error_is_not_revealed(error: Exception) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (500, "INTERNAL")
    assert "hunter2" not in problem.message
    assert problem.headers == {}


class Line(BaseModel):
    quantity: int


class Form(BaseModel):
    lines: list[Line]
    note: str


def invalid(content: object) -> InvalidFields:
    with pytest.raises(InvalidFields) as refused:
        parsed(Form, content)
    return refused.value


def test_every_invalid_field_is_named_with_its_place() -> None:
    problem = problem_of(invalid({"lines": [{"quantity": "x"}], "note": 1}))
    assert (problem.status, problem.code) == (400, "BAD_USER_INPUT")
    assert [detail["field"] for detail in problem.details] == ["lines.0.quantity", "note"]
    assert problem.message.startswith("lines.0.quantity: ")


def test_invalid_value_is_not_repeated() -> None:
    problem = problem_of(invalid({"lines": [], "note": ["my secret"]}))
    assert "my secret" not in str(problem)


def test_body_of_the_wrong_type_has_no_field() -> None:
    problem = problem_of(invalid([1]))
    assert problem.details[0]["field"] == ""
    assert not problem.message.startswith(":")


def test_invalid_values_over_the_limit_are_counted() -> None:
    problem = problem_of(invalid({"lines": [{}] * (MAX_DETAILS + 3), "note": ""}))
    assert len(problem.details) == MAX_DETAILS + 1
    assert problem.details[-1] == {"field": "", "message": "and 3 more"}


def test_validation_error_outside_of_parsed_is_a_server_error() -> None:
    """Only `parsed` marks a value as one of the caller."""
    with pytest.raises(ValidationError) as broken:
        Form.model_validate({"note": "my secret"})
    problem = problem_of(broken.value)
    assert (problem.status, problem.details) == (500, ())


def test_invalid_stored_data_is_a_server_error_and_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(logger, "exception", lambda message, **_: logged.append(message))
    with pytest.raises(ValidationError) as broken:
        Preferences.of({"digest": "never"})
    problem = problem_of(broken.value)
    assert (problem.status, problem.code, problem.details) == (500, "INTERNAL", ())
    assert logged == ["unexpected error"]
    assert "never" not in problem.message


def test_invalid_item_of_a_page_is_a_server_error() -> None:
    page = Page[object](
        items=[{"digest": "never"}],
        cursors=["c"],
        count=lambda: 1,
        limit=1,
        page=1,
        has_next=False,
        has_previous=False,
    )
    with pytest.raises(ValidationError) as broken:
        page.map(Preferences.model_validate)
    assert problem_of(broken.value).status == 500
