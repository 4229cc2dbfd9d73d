"""openapi.json is valid and agrees with the contracts of the endpoints."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import jsonschema
import pytest
from pydantic import TypeAdapter

from infra.contracts.answers import CODES, codes_in_use, media_types_of
from infra.contracts.document import contract_of, document
from infra.contracts.examples import EXAMPLES
from infra.contracts.generate import FILE, content
from infra.contracts.template import rest_routes
from tests.contract.project import routes
from tidings.platform.entry.requests import PATH_PATTERNS
from tidings.platform.inputs.ids import DOCUMENT_ID_PATTERN

DOCUMENT = document()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
MODULES = {f"{each.method} {each.path}": each.module for each in rest_routes()}
each_operation = pytest.mark.parametrize("route", sorted(OPERATIONS))


def test_generated_file_is_up_to_date() -> None:
    assert FILE.read_text() == content(), "run `make contracts`"


def test_every_rest_route_is_in_the_document() -> None:
    elsewhere: tuple[str, ...] = (" /graphql", " /graphql/{file}", " /metrics", " /console")
    elsewhere += (" /console/{proxy+}", " /shop", " /shop/{file}")
    assert set(OPERATIONS) == {route for route in routes() if not route.endswith(elsewhere)}


def test_operation_names_are_unique() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))


@each_operation
def test_operation_is_described(route: str) -> None:
    assert OPERATIONS[route]["summary"]
    assert not OPERATIONS[route]["summary"].startswith(("GET", "POST", "PUT"))


@each_operation
def test_docstring_of_the_function_names_its_route(route: str) -> None:
    first = (import_module(MODULES[route]).__doc__ or "").splitlines()[0]
    method, _, path = route.partition(" ")
    assert first.startswith(f"{method} ") or method in first.split(" ")[0].split("|")
    assert first.split(" ")[1].rstrip(":") in {path, path.removeprefix("/api/v1")}


@each_operation
def test_every_answer_is_described_and_typed(route: str) -> None:
    responses = OPERATIONS[route]["responses"]
    assert {"429", "500", "502", "503", "504"} <= set(responses)
    for response in responses.values():
        assert response["description"]
        assert response["content"]
        assert all(each["schema"] for each in response["content"].values())


@each_operation
def test_every_path_parameter_has_a_pattern(route: str) -> None:
    names = set(re.findall(r"{(\w+)}", route))
    found = {
        each["name"]: each["schema"]["pattern"]
        for each in OPERATIONS[route].get("parameters", ())
        if each["in"] == "path"
    }
    assert set(found) == names
    assert all(name.endswith("_id") or name in PATH_PATTERNS for name in names)
    assert all(found[name] == PATH_PATTERNS.get(name, DOCUMENT_ID_PATTERN) for name in names)


def references(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        if isinstance(content.get("$ref"), str):
            yield content["$ref"]
        for value in content.values():
            yield from references(value)
    elif isinstance(content, list):
        for value in content:
            yield from references(value)


def test_every_reference_resolves() -> None:
    for reference in references(DOCUMENT):
        target: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_every_schema_is_valid() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_code_of_a_refusal_is_in_the_document() -> None:
    assert codes_in_use() <= set(CODES)


def test_every_body_has_a_valid_example() -> None:
    bodies = {contract.body for each in rest_routes() if (contract := contract_of(each))} - {None}
    for body in bodies:
        assert body is not None
        if media_types_of(body):
            continue
        assert body.__name__ in EXAMPLES, "infra/contracts/examples.py has none"
        TypeAdapter(body).validate_python(EXAMPLES[body.__name__])


def test_no_internal_text_is_published() -> None:
    text = json.dumps(DOCUMENT)
    assert "tidings__" not in text


def test_document_refuses_names_that_no_pattern_allows() -> None:
    def objects(part: Any) -> Iterator[dict[str, Any]]:
        if isinstance(part, dict):
            yield part
        for each in part.values() if isinstance(part, dict) else part:
            if isinstance(each, dict | list):
                yield from objects(each)

    named = [each for each in objects(DOCUMENT) if "patternProperties" in each]
    assert named
    assert all(each["additionalProperties"] is False for each in named)
