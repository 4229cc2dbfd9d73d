"""Entry points validate input only with `parsed`, so its errors are the caller's."""

import ast

import pytest

from tests.contract.project import ROOT, parsed, python_files, relative
from tests.contract.test_inputs import inputs

# The entry points, and the domains' readers of tables and edits.
READS_INPUT = (
    *python_files("functions", "gateway"),
    ROOT / "layers/tidings/tidings/platform/entry/http.py",
    ROOT / "layers/tidings/tidings/platform/entry/requests.py",
    ROOT / "layers/tidings/tidings/monitoring/editing.py",
    ROOT / "layers/tidings/tidings/products/importing.py",
    ROOT / "layers/tidings/tidings/tasks/upload.py",
)
# Methods of pydantic's models and type adapters.
METHODS = ("model_validate", "validate_python", "validate_json", "validate_strings")


def input_classes() -> set[str]:
    """Return the names of input models: those of REST endpoints and of the gateway."""
    names = {each.__name__ for each in inputs("body", "query", "headers")} | {"BaseModel"}
    for path in python_files("gateway"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef) and names & set(map(ast.unparse, node.bases)):
                names.add(node.name)
    return names


def validations(tree: ast.AST, models: set[str]) -> list[str]:
    """Return the validations without `parsed`: methods of pydantic, and calls of input models."""
    methods = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith(METHODS)
    ]
    constructors = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in models
        and (node.args or node.keywords)
    ]
    return methods + constructors


def test_entry_points_validate_input_by_parsed() -> None:
    models = input_classes()
    assert {"PlaceOrder", "PageArguments", "GraphQLRequest"} <= models
    found = {relative(path): validations(parsed(path), models) for path in READS_INPUT}
    assert {path: calls for path, calls in found.items() if calls} == {}


def test_input_is_parsed_in_many_places() -> None:
    calls = [path for path in READS_INPUT if "parsed(" in path.read_text()]
    assert len(calls) > 13


@pytest.mark.parametrize(
    "text",
    [
        "PlaceOrder.model_validate(input)",
        "wanted = map(PlaceOrder.model_validate_json, texts)",
        "TypeAdapter(int).validate_python(first)",
        "PlaceOrder(lines=input['lines'])",
    ],
)
def test_rule_finds_other_validations(text: str) -> None:
    assert len(validations(ast.parse(text), {"PlaceOrder"})) == 1


@pytest.mark.parametrize("text", ["parsed(PlaceOrder, input)", "PlaceOrder()", "Reply(data=1)"])
def test_rule_allows_other_calls(text: str) -> None:
    assert not validations(ast.parse(text), {"PlaceOrder"})
