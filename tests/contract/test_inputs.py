"""Request bodies accept exactly the values of their schemas."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from bson import encode
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model

from tests.contract.project import routes
from tidings.platform.entry.problems import problem_of
from tidings.platform.errors import TidingsError
from tidings.platform.inputs.files import FileBody
from tidings.platform.inputs.parsing import InvalidFields, parsed

LOOKS_LIKE: dict[str, list[object]] = {
    "integer": ["1", 1.5, True],
    "boolean": ["true", "yes", 1, 0],
    "number": ["1.5"],
}
# None ends with a line break: Python's `$` matches before it, JSON Schema's does not.
TEXTS = ("", " ", "   ", "\u3000", "a ", " ab", "a\t", "\x00", "\u202e", "é", "<", "A" * 30)
# Secrets and JSON, which no person reads.
ONLY_COMPARED = {"password", "refresh_token", "client_id", "client_secret", "changes"}
UNSEEN = ("\u200b", "\u2060", "\ufeff", "\u2800", "\u3164", "\U000e0041", "\u0301", " \u00ad ")
OVER_THE_EDGE = ("9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+14:00")


def models_in(kind: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a type consists of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models_in(field.annotation)
    for each in get_args(kind):
        yield from models_in(each)


def inputs(*places: str) -> set[type[BaseModel]]:
    """Return the input models of the `body` or of the `query`."""
    contracts = [getattr(each.load(), "contract", None) for each in routes().values()]
    sent = [getattr(each, place) for each in contracts if each for place in places]
    found = {model for each in sent for model in models_in(each)}
    return {model for model in found if not issubclass(model, FileBody)}


def fields_of(*kinds: str, places: tuple[str, ...] = ("body",)) -> list[Any]:
    """Return each field of an input whose schema has one of these types or formats."""
    return [
        pytest.param(model, name, kind, id=f"{model.__name__}.{name}")
        for model in sorted(inputs(*places), key=lambda each: each.__name__)
        for name, schema in model.model_json_schema()["properties"].items()
        for each in _alternatives(schema)
        for kind in {each.get("type"), each.get("format")} & set(kinds)
    ]


def _alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema, *schema.get("anyOf", ())]


def taken(model: type[BaseModel], name: str, value: object, *, malformed: bool = True) -> list[Any]:
    """Return the field's parsed value, or nothing if a rule refuses it.

    Raises:
        pydantic.ValidationError: the value is malformed, although the schema allows it.
    """
    field = model.model_fields[name]
    kind: Any = Annotated[field.annotation, field]
    try:
        return [TypeAdapter(kind).validate_python(value)]
    except ValidationError:
        if not malformed:
            raise
        return []
    except TidingsError:
        return []


@pytest.mark.parametrize(("model", "name", "kind"), fields_of(*LOOKS_LIKE))
def test_body_takes_no_text_for_a_number(model: type[BaseModel], name: str, kind: str) -> None:
    assert [each for each in LOOKS_LIKE[kind] if taken(model, name, each)] == []


@pytest.mark.parametrize(("model", "name", "kind"), fields_of("string", places=("body", "query")))
def test_text_that_the_schema_allows_is_accepted_or_refused_by_a_rule(
    model: type[BaseModel], name: str, kind: str
) -> None:
    schema = model.model_json_schema()
    described = Draft202012Validator(schema["properties"][name] | {"$defs": schema.get("$defs")})
    if any(each.get("format") for each in _alternatives(schema["properties"][name])):
        return
    for text in TEXTS:
        if described.is_valid(text):
            taken(model, name, text, malformed=False)


@pytest.mark.parametrize(("model", "name", "kind"), fields_of("string", places=("body", "query")))
@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_required_text_is_visible(model: type[BaseModel], name: str, kind: str, text: str) -> None:
    if name not in ONLY_COMPARED and not taken(model, name, ""):
        assert taken(model, name, text) == []


@pytest.mark.parametrize(("model", "name", "kind"), fields_of("date-time"))
def test_body_takes_no_number_for_a_time(model: type[BaseModel], name: str, kind: str) -> None:
    assert taken(model, name, "2026-11-21T12:00:00+01:00")
    assert [each for each in (5, 5.5, "5", True) if taken(model, name, each)] == []


@pytest.mark.parametrize(
    ("model", "name", "kind"), fields_of("date-time", places=("body", "query"))
)
def test_every_accepted_time_can_be_stored(model: type[BaseModel], name: str, kind: str) -> None:
    for extreme in OVER_THE_EDGE:
        assert encode({"times": taken(model, name, extreme)})


@pytest.mark.parametrize(
    ("model", "name", "kind"), fields_of("date-time", places=("body", "query"))
)
def test_time_out_of_range_is_accepted_or_refused_by_a_rule_with_its_field(
    model: type[BaseModel], name: str, kind: str
) -> None:
    field = model.model_fields[name]
    form: Any = create_model("Form", **{name: (field.annotation, field)})  # type: ignore[call-overload]
    for extreme in OVER_THE_EDGE:
        try:
            parsed(form, {name: extreme})
        except InvalidFields as error:
            problem = problem_of(error)
            assert (problem.status, problem.code) == (422, "BAD_USER_INPUT")
            assert problem.details[0]["field"] == name
            assert "out of range" in problem.message
