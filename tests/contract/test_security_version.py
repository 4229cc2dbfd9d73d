"""Changed data of sessions raises the account's version and ends its sessions."""

import ast

from tests.contract.project import parsed, python_files, relative

RESTS_ON = {"set__password_hash", "set__role", "set__email", "unset__password_hash"}
FILES = [each for each in python_files("layers/tidings") if "/users/" in relative(each)]


def _changes(function: ast.FunctionDef) -> bool:
    return any(
        (isinstance(node, ast.keyword) and node.arg in RESTS_ON)
        or (isinstance(node, ast.Constant) and node.value in RESTS_ON)
        for node in ast.walk(function)
    )


CHANGING = [
    (f"{relative(path)}:{node.name}", ast.unparse(node))
    for path in FILES
    for node in ast.walk(parsed(path))
    if isinstance(node, ast.FunctionDef) and _changes(node)
]


def test_changes_are_found() -> None:
    assert len(CHANGING) >= 3


def test_every_change_raises_the_version_and_ends_sessions() -> None:
    missing = [
        name
        for name, source in CHANGING
        if "NEXT_VERSION" not in source or "changing(" not in source
    ]
    assert not missing
