"""Invalid input of a caller is distinguished from invalid values of our own code."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field

from tests.unit.platform.builders import CONTEXT, api_event
from tidings.platform.entry.answers import Reply
from tidings.platform.entry.http import EndpointContract, endpoint
from tidings.platform.entry.requests import Request
from tidings.platform.inputs.parsing import Fault, InvalidFields, OutOfRange, parsed
from tidings.platform.operation import PUBLIC
from tidings.platform.timing.times import Time


class Wish(BaseModel):
    count: int = Field(ge=1)
    at: Time | None = None


class View(BaseModel):
    count: int = Field(ge=1, le=10)


@endpoint(EndpointContract(role=PUBLIC, body=Wish, returns=View))
def grant(request: Request[Wish]) -> Reply:
    """Return the count in a view that allows at most 10."""
    return Reply(View(count=request.body.count))


def call(body: object) -> tuple[int, dict[str, Any]]:
    answer = grant(api_event(body), CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])["error"]


def test_invalid_input_is_400_and_named() -> None:
    status, error = call({"count": "many"})
    assert (status, error["code"]) == (400, "BAD_USER_INPUT")
    assert [each["field"] for each in error["details"]] == ["count"]


def test_output_that_breaks_its_model_is_500_even_in_the_function_itself() -> None:
    status, error = call({"count": 11})
    assert (status, error["code"], error["details"]) == (500, "INTERNAL", [])


def test_time_out_of_range_is_422_unless_something_else_is_malformed() -> None:
    out_of_range = "9999-12-31T23:59:59-23:00"
    assert call({"count": 1, "at": out_of_range})[0] == 422
    assert call({"count": 0, "at": out_of_range})[0] == 400


def test_faults_have_places_and_no_values() -> None:
    with pytest.raises(InvalidFields) as refused:
        parsed(Wish, {"count": "my secret", "at": 5})
    assert not isinstance(refused.value, OutOfRange)
    places = [each.place for each in refused.value.faults]
    assert places == [("count",), ("at",)]
    assert "my secret" not in refused.value.message
    assert refused.value.__cause__ is None


def test_message_names_the_first_faults() -> None:
    faults = [Fault(("lines", each), "is missing") for each in range(7)]
    assert str(InvalidFields(faults)).count("is missing") == 5
    assert str(InvalidFields([Fault((), "is no object")])) == "is no object"
