"""Any value at any place of an operation's variables gets an answer, and never a server error."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.gateway.in_process import InProcessApi
from tests.integration.gateway.operations import OPERATIONS, World
from tidings.platform.timing.clock import new_id
from tidings.users.models import User

# A thousand requests; they run with schemathesis in `make fuzz`.
pytestmark = pytest.mark.fuzz

JSON = {"Content-Type": "application/json"}
# JSON texts, because some of them have no value in Python.
NASTY = {
    "operator": '{"$gt": ""}',
    "operator where": '{"$where": "sleep(9000)"}',
    "list": '["x"]',
    "nested": "[[[[[[{}]]]]]]",
    "null": "null",
    "boolean": "true",
    "negative": "-1",
    "beyond 32 bits": str(2**31),
    "beyond 64 bits": str(2**63),
    "of 400 digits": "9" * 400,
    "fraction": "1.5",
    "huge fraction": "1e308",
    "infinite": "1e999",
    "not a number": "NaN",
    "empty": '""',
    "NUL": r'"a\u0000b"',
    "half a surrogate pair": r'"\ud800"',
    "right to left": '"\u202e\u2066\U0001f4a5"',
    "operator in text": '"$gt"',
    "path": '"../../etc/passwd"',
    "script": '"<script>alert(1)</script>"',
    "pattern": '"(a+)+$"',
    "60 KB": json.dumps("x" * 60_000),
    "1 MB": json.dumps("x" * 1_000_000),
}
ODD_NAMES = (
    "%00",
    "%24gt",
    "..%2f..%2fetc",
    "%7B%22%24gt%22%3A%22%22%7D",
    "%F0%9F%92%A5",
    "a" * 5000,
    "%0A",
    "6b0152a6f6b097fd8ed20a9a%0A",
)
MARK = "4e3f0b0a-here"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every place in a request's variables."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else ()
    for key, each in enumerate(value) if isinstance(value, list) else inner:
        yield from places(each, (*path, key))


def replaced(value: Any, path: tuple[Any, ...]) -> Any:
    """Return the value with a mark at that place."""
    if not path:
        return MARK
    key, *rest = path
    if isinstance(value, dict):
        return value | {key: replaced(value[key], tuple(rest))}
    return [replaced(each, tuple(rest)) if n == key else each for n, each in enumerate(value)]


@pytest.mark.parametrize("attack", NASTY)
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_place_of_every_operation_is_robust(
    name: str, attack: str, admin: InProcessApi
) -> None:
    world = World(*(new_id() for _ in World.__dataclass_fields__))
    operation = OPERATIONS[name]
    variables = operation.variables(world)
    for path in places(variables):
        request = {"query": operation.document, "variables": replaced(variables, path)}
        body = json.dumps(request).replace(f'"{MARK}"', NASTY[attack]).encode()

        answer = admin.request("POST", "/graphql", body, JSON)

        assert answer.status in {200, 400, 413}, path
        codes = {each["extensions"]["code"] for each in answer.json.get("errors", ())}
        assert "INTERNAL" not in codes, (path, answer.text)
        answer.text.encode()


@pytest.mark.parametrize("attack", ["operator", "operator where", "list", "null", "boolean"])
@pytest.mark.parametrize("place", ["email", "password"])
def test_query_operator_signs_nobody_in(attack: str, place: str, stranger: InProcessApi) -> None:
    User(email="ada@example.com", name="Ada", password_hash="none", role="customer").save()
    given = {"email": '"ada@example.com"', "password": '"x"'} | {place: NASTY[attack]}
    body = f'{{"email": {given["email"]}, "password": {given["password"]}}}'.encode()

    answer = stranger.request("POST", "/api/v1/login", body, JSON)

    assert answer.status == 400
    assert answer.json["data"] is None


@pytest.mark.parametrize("odd", ODD_NAMES)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/orders/{}"), ("GET", "/users/{}"), ("GET", "/notifications/{}"),
     ("GET", "/notifications/unread/{}"), ("PUT", "/notifications/read/{}")],
)  # fmt: skip
def test_odd_name_in_a_path_is_not_found(
    method: str, path: str, odd: str, admin: InProcessApi, commands: list[str]
) -> None:
    commands.clear()
    assert admin.rest(method, path.format(odd)).status == 404
    assert commands == []


@pytest.mark.parametrize(
    "query",
    ["limit=1&limit=2", "limit[$gt]=1", "page=%00", "after=%F0%9F%92%A5", "limit=1e3", "page=9e9",
     "limit=99999999999999999999", "after=" + "A" * 4000, "limit=", "page=-0", "%00=%00"],
)  # fmt: skip
def test_odd_query_string_is_refused_or_ignored(query: str, stranger: InProcessApi) -> None:
    answer = stranger.rest("GET", f"/products?{query}")
    assert answer.status in {200, 400, 422}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_invalid_tokens_get_no_data(name: str) -> None:
    operation = OPERATIONS[name]
    world = World(*(new_id() for _ in World.__dataclass_fields__))
    answer = InProcessApi("not.a.token").graphql(operation.document, **operation.variables(world))
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["UNAUTHENTICATED"]
    assert "data" not in answer
