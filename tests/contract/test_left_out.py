"""An empty argument is different from a missing one; `x or y` would treat both alike."""

import ast

from tests.contract.project import parsed, python_files, relative

FILES = python_files("layers/tidings", "functions", "gateway")


def _falls_back_to_a_caller(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.BoolOp)
        and isinstance(node.op, ast.Or)
        and isinstance(node.values[-1], ast.Attribute)
        and node.values[-1].attr == "user_id"
    )


def test_empty_id_does_not_stand_for_the_caller() -> None:
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(parsed(path))
        if _falls_back_to_a_caller(node) and isinstance(node, ast.expr)
    ]
    assert not found, "use `is None`: an empty text is not an id"
