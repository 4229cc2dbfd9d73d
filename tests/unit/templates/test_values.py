"""Tests of the values that templates accept as variables."""

import enum
from datetime import UTC, date, datetime
from typing import Any

import pytest
from markupsafe import Markup

from tests.unit.templates.builders import nested
from tidings.templates.errors import BadVariable
from tidings.templates.values import MAX_DEPTH, MAX_TEXT, MAX_VALUES, plain


class Colour(enum.StrEnum):
    BLUE = "blue"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("x" * 10_000_000, id="10 MB"),
        pytest.param("x" * (MAX_TEXT + 1), id="a text a bit too long"),
        pytest.param(["x" * MAX_TEXT] * 11, id="many long texts"),
        pytest.param(nested(MAX_DEPTH), id="too deep"),
        pytest.param(nested(100_000), id="far too deep"),
        pytest.param([0] * MAX_VALUES, id="too many"),
        pytest.param([[0] * 50] * 50, id="too many in all"),
        pytest.param({"x" * 200: 1}, id="long key"),
        pytest.param({1: 1}, id="key that is no text"),
        pytest.param(10**30, id="large number"),
        pytest.param(10**400, id="number beyond all fractions"),
        pytest.param(float("nan"), id="no number"),
        pytest.param(float("inf"), id="infinite"),
        pytest.param(object(), id="object"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param({1, 2}, id="set"),
        pytest.param(print, id="function"),
        pytest.param(int, id="class"),
        pytest.param("\ud800", id="half a character"),
        pytest.param({"\ud800": 1}, id="half a character as key"),
        pytest.param({"url": "javascript:alert(1)"}, id="script as address"),
        pytest.param([{"shop_url": "data:text/html,x"}], id="data as address"),
        pytest.param({"url": 'https://a.example/"onclick='}, id="quote in an address"),
        pytest.param({"url": "https://a.example/\nBcc: x"}, id="line break in an address"),
    ],
)
def test_value_is_refused(value: Any) -> None:
    with pytest.raises(BadVariable) as caught:
        plain({"thing": value})
    assert not caught.value.retryable
    assert len(caught.value.message) < 200


def test_circular_value_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(BadVariable):
        plain({"thing": circle})


def test_values_are_converted_to_plain_ones() -> None:
    given = {
        "text": Markup("<b>"),
        "colour": Colour.BLUE,
        "yes": True,
        "number": 3,
        "fraction": 0.5,
        "at": datetime(2026, 12, 1, tzinfo=UTC),
        "day": date(2026, 12, 1),
        "none": None,
        "list": ({"url": "https://a.example/x?y=1"},),
    }
    found = plain(given)
    assert found == {
        "text": "<b>",
        "colour": "blue",
        "yes": True,
        "number": 3,
        "fraction": 0.5,
        "at": "2026-12-01T00:00:00+00:00",
        "day": "2026-12-01",
        "none": None,
        "list": [{"url": "https://a.example/x?y=1"}],
    }
    assert type(found["text"]) is type(found["colour"]) is str
