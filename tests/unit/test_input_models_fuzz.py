"""An input model accepts any value or reports its faults, and raises no other error.

The models are those of every endpoint's body, query and headers, by its contract.
"""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.contract.project import routes
from tidings.platform.entry.problems import problem_of
from tidings.platform.errors import TidingsError
from tidings.platform.inputs.files import FileBody
from tidings.platform.inputs.parsing import parsed

NASTY: st.SearchStrategy[Any] = st.sampled_from(
    [
        *("", " ", "\x00", "\ud800", "\u202e", "$where", "{{7*7}}", "' OR 1=1 --", "x" * 10_000),
        *(True, -1, 0, 2**63, -(2**63) - 1, 1e308, math.inf, math.nan, 10**400),
        *({"$gt": ""}, {"$ne": None}, [], [[]], {}, None),
        *("2026-11-21T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    ]
)
VALUES = st.recursive(
    NASTY | st.text() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def input_models() -> dict[str, type[BaseModel]]:
    contracts = [
        contract
        for function in routes().values()
        if (contract := getattr(function.load(), "contract", None))
    ]
    found = {
        model.__name__: model
        for contract in contracts
        for model in (contract.body, contract.query, contract.headers)
        if model is not None and not issubclass(model, FileBody)
    }
    return dict(sorted(found.items()))


MODELS = input_models()


def fields_of(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    names = [each.alias or name for name, each in model.model_fields.items()]
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=5), VALUES, max_size=6)


def try_out(model: type[BaseModel], content: object) -> None:
    try:
        parsed(model, content)
    except TidingsError as error:
        problem_of(error)  # the error that the frame of endpoints handles


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=25)
@given(data=st.data())
def test_input_is_accepted_or_refused(name: str, data: Any) -> None:
    try_out(MODELS[name], data.draw(fields_of(MODELS[name]) | VALUES))


@pytest.mark.fuzz
@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=2_000)
@given(data=st.data())
def test_input_is_accepted_or_refused_in_a_long_run(name: str, data: Any) -> None:
    try_out(MODELS[name], data.draw(fields_of(MODELS[name]) | VALUES))
