"""All log calls of the functions use the same names for the same things."""

import ast
from collections.abc import Iterator
from typing import Final

from tests.contract.project import parsed, python_files, relative

METHODS: Final = {"debug", "info", "warning", "error", "exception", "critical"}
# What a line must not call by another name, or say in another unit.
OTHER_NAMES: Final = {
    "event_id": "message_id",
    "msg_id": "message_id",
    "type": "event_type",
    "correlation": "correlation_id",
    "trace_id": "correlation_id",
    "customer_id": "user_id",
    "owner_id": "user_id",
    "person_id": "user_id",
    "user": "user_id",
    "guest_id": "user_id",
    "created_by": "by",
    "edited_by": "by",
    "duration": "duration_ms",
    "elapsed": "duration_ms",
    "result": "outcome",
    "function_name": "function",
    "service": "function",
}
# Never in a line, whatever the value.
PERSONAL: Final = {"email", "name", "phone", "address", "password", "token", "title"}


def log_calls() -> Iterator[tuple[str, ast.Call]]:
    for path in python_files("layers", "gateway", "functions"):
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in METHODS and ast.unparse(node.func.value) == "logger":
                yield f"{relative(path)}:{node.lineno}", node


CALLS: Final = list(log_calls())


def test_log_calls_are_found() -> None:
    assert len(CALLS) > 100


def test_messages_are_constant() -> None:
    formed = [place for place, call in CALLS if isinstance(call.args[0], ast.JoinedStr | ast.BinOp)]
    assert formed == []


def test_things_have_one_name() -> None:
    wrong = [
        f"{place}: {word.arg} is called {OTHER_NAMES[word.arg]}"
        for place, call in CALLS
        for word in call.keywords
        if word.arg in OTHER_NAMES
    ]
    assert wrong == []


def test_no_line_has_personal_data() -> None:
    wrong = [
        f"{place}: {word.arg}"
        for place, call in CALLS
        for word in call.keywords
        if word.arg in PERSONAL
    ]
    assert wrong == []
