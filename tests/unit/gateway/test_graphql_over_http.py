import base64
import json

import pytest
from app import _negotiate
from execution import GraphQLRequest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.builders import GRAPHQL_JSON, send, send_in_base64
from tidings.platform.entry.requests import MAX_BODY_BYTES
from tidings.platform.errors import RateLimited
from tidings.platform.secrets import SigningKeys
from tidings.platform.storage import database

QUERY = {"query": "{__typename}"}


# ---------------------------------------------------------------- media types


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("APPLICATION/JSON", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("text/html, application/json;q=0.5", "application/json"),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8, application/json;q=0.9", GRAPHQL_JSON),
        (f"application/json, {GRAPHQL_JSON}", GRAPHQL_JSON),
        ("text/html", None),
        ("application/xml", None),
        ("nonsense", None),
    ],
)
def test_answer_has_a_type_that_the_client_accepts(
    accept: str | None, media_type: str | None
) -> None:
    assert _negotiate(accept) == media_type


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_JSON])
def test_answer_has_its_type(accept: str) -> None:
    answer = send(body=QUERY, headers={"accept": accept})
    assert answer.status == 200
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
    assert answer.content == {"data": {"__typename": "Query"}}


def test_type_that_is_not_served_is_406() -> None:
    assert send(body=QUERY, headers={"accept": "text/html"}).status == 406


def test_body_of_another_type_is_415() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert send(body="query={__typename}", headers=headers).status == 415


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "text/plain;application/json", "text/plain, application/json", "*/*",
     "application/json, text/plain", "multipart/form-data; boundary=application/json",
     "application/json; charset=utf-16", "application/graphql", "x" * 5_000],
)  # fmt: skip
def test_body_of_a_type_similar_to_json_is_415(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings.users.sessions.login", lambda _: pytest.fail("was run"))
    query = 'mutation{login(input:{email:"a@example.com",password:"x"}){accessToken}}'
    answer = send(body={"query": query}, headers={"content-type": kind})
    assert (answer.status, answer.code) == (415, "BAD_USER_INPUT")
    assert len(answer.text) < 500


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_types_are_accepted_in_any_spelling(kind: str) -> None:
    assert send(body=QUERY, headers={"content-type": kind}).status == 200


@pytest.mark.parametrize(
    "body",
    ['{"query": "{__typename}", "query": "{me{id}}"}', '{"query": "{__typename}", "x": NaN}',
     '{"query": "{__typename}", "variables": {"a": 1, "a": 2}}',
     '{"query": "{__typename}", "variables": {"a": 1e400}}',
     '{"query": "{__typename}", "x": ' + "[" * 50 + "]" * 50 + "}"],
    ids=lambda body: body[24:50],
)  # fmt: skip
def test_body_that_parsers_read_differently_is_400(body: str) -> None:
    answer = send(body=body)
    assert (answer.status, answer.errors[0]["message"]) == (400, "The body is not JSON.")


def test_byte_order_mark_before_the_body_is_ignored() -> None:
    assert send(body="\ufeff" + json.dumps(QUERY)).status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_every_answer_carries_the_standard_headers(method: str) -> None:
    for body in (QUERY, {"query": "{"}, {"query": "{me{id}}"}, "nope"):
        headers = send(method, body, parameters={"query": "{"}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"].startswith("max-age=")
        assert headers["cache-control"] == "no-store"


def test_another_method_is_405() -> None:
    assert send("PUT", QUERY).status == 405


# ------------------------------------------------------------ the status rules


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (GRAPHQL_JSON, 400)])
@pytest.mark.parametrize(
    "request_body",
    [
        {"query": "{"},
        {"query": "{nope}"},
        {"query": "query A{__typename} query B{__typename}"},
        {"query": "query A{__typename}", "operationName": "B"},
        {"query": "query($n:Int!){getProducts(first:$n){totalCount}}"},
        {
            "query": "query($n:Int!){getProducts(first:$n){totalCount}}",
            "variables": {"n": "many"},
        },
    ],
    ids=lambda body: str(body)[:50],
)
def test_document_that_cannot_run_has_no_data(
    request_body: dict[str, object], accept: str, status: int
) -> None:
    answer = send(body=request_body, headers={"accept": accept})
    assert answer.status == status
    assert "data" not in answer.content
    assert answer.code == "BAD_USER_INPUT"


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_JSON])
def test_error_of_a_field_is_200(accept: str) -> None:
    answer = send(body={"query": "{me{id}}"}, headers={"accept": accept})
    assert answer.status == 200
    assert answer.content["data"] is None
    assert answer.code == "UNAUTHENTICATED"
    assert answer.errors[0]["path"] == ["me"]


@pytest.mark.parametrize(
    "body",
    [
        None, "", "{", "nope", "[" * 100_000, '"text"', "[]", "null", "{}",
        {"query": 7}, {"query": ""}, {"query": None}, {"query": ["{me{id}}"]},
        {**QUERY, "variables": []}, {**QUERY, "variables": "x"}, {**QUERY, "operationName": 7},
        {**QUERY, "extensions": 1}, [QUERY],
    ],
    ids=lambda body: str(body)[:30],
)  # fmt: skip
def test_malformed_request_is_400(body: object) -> None:
    answer = send(body=body)
    assert answer.status == 400
    assert answer.code == "BAD_USER_INPUT"


def test_body_in_base64_is_read() -> None:
    body = base64.b64encode(json.dumps(QUERY).encode()).decode()
    assert send_in_base64(body).status == 200


def test_body_that_is_not_base64_is_400() -> None:
    assert send_in_base64("a").status == 400


def test_huge_body_is_413() -> None:
    answer = send(body={**QUERY, "variables": {"x": "a" * MAX_BODY_BYTES}})
    assert (answer.status, answer.code) == (413, "BAD_USER_INPUT")


def test_unknown_parameters_are_ignored() -> None:
    assert send(body={**QUERY, "doc_id": "1"}).status == 200


# ------------------------------------------------------------------------- GET


def test_query_by_url() -> None:
    answer = send(
        "GET",
        parameters={
            "query": "query Q($n:String!){__type(name:$n){name}}",
            "variables": '{"n": "User"}',
            "operationName": "Q",
        },
    )
    assert answer.status == 200
    assert answer.content == {"data": {"__type": {"name": "User"}}}


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        {"query": ""},
        {"query": "{__typename}", "variables": "{"},
        {"query": "{__typename}", "variables": "[]"},
        {"query": "{__typename}", "extensions": "nope"},
        {"query": "{__typename}", "variables": "NaN"},
        {"query": "{__typename}", "variables": '{"a": 1, "a": 2}'},
        {"query": "{__typename}", "variables": '{"a": ' + "9" * 15_000 + "}"},
    ],
    ids=str,
)
def test_malformed_url_is_400(parameters: dict[str, str] | None) -> None:
    answer = send("GET", parameters=parameters)
    assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_JSON])
def test_mutation_by_url_is_405_and_does_nothing(
    accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidings.users.sessions.login", lambda _: pytest.fail("was run"))
    query = 'mutation{login(input:{email:"a@example.com",password:"x"}){accessToken}}'
    answer = send("GET", parameters={"query": query}, headers={"accept": accept})
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert "data" not in answer.content


def test_mutation_beside_a_query_is_not_run_by_url() -> None:
    query = 'query Q{__typename} mutation M{login(input:{email:"a",password:"b"}){tokenType}}'
    assert send("GET", parameters={"query": query, "operationName": "Q"}).status == 200
    assert send("GET", parameters={"query": query, "operationName": "M"}).status == 405


# ------------------------------------------------------- correlation and errors


@pytest.mark.parametrize("name", ["X-Correlation-Id", "x-correlation-id"])
def test_correlation_id_is_accepted_and_returned(name: str) -> None:
    answer = send(body=QUERY, headers={name: "request-7"})
    assert answer.headers["x-correlation-id"] == "request-7"


@pytest.mark.parametrize(
    ("method", "content_type", "status"), [("PUT", "application/json", 405), ("POST", "x/y", 415)]
)
def test_early_refusal_carries_the_correlation_id(
    method: str, content_type: str, status: int
) -> None:
    headers = {"content-type": content_type, "x-correlation-id": "request-7"}
    answer = send(method, QUERY, headers=headers)
    assert answer.status == status
    assert answer.headers["x-correlation-id"] == "request-7"


def test_refusal_carries_a_correlation_id_too() -> None:
    assert len(send(body="{").headers["x-correlation-id"]) == 36
    assert send(body=QUERY, headers={"accept": "text/html"}).headers["x-correlation-id"]


def test_bad_token_is_401(keys: SigningKeys) -> None:
    answer = send(body=QUERY, headers={"authorization": "Bearer nonsense"})
    assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")


def test_unexpected_error_is_not_revealed(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr("tidings.products.queries.sees_all", breaks)
    answer = send(body={"query": "{getProducts{totalCount}}"})
    assert (answer.status, answer.code) == (200, "INTERNAL")
    assert "hunter2" not in answer.text


def test_invalid_output_is_a_server_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: object) -> None:
        GraphQLRequest.model_validate({"query": ""})

    monkeypatch.setattr("tidings.products.queries.sees_all", breaks)
    answer = send(body={"query": "{getProducts{totalCount}}"})
    assert answer.code == "INTERNAL"
    assert "field" not in answer.errors[0]["extensions"]


def test_error_around_the_operation_is_not_revealed(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(database, "connect", breaks)
    answer = send(body=QUERY)
    assert (answer.status, answer.code) == (500, "INTERNAL")
    assert "hunter2" not in answer.text


def test_error_of_input_names_its_field_as_in_the_request(keys: SigningKeys) -> None:
    query = (
        'mutation{registerUser(input:{email:"ada@example.com",password:"short",name:"Ada"})'
        "{message}}"
    )
    answer = send(body={"query": query})
    assert answer.errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "password"}


@pytest.mark.parametrize("first", [0, 101, -1, "null"])
def test_page_out_of_bounds_is_bad_input(first: object) -> None:
    answer = send(body={"query": f"{{getProducts(first:{first}){{totalCount}}}}"})
    assert answer.errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "first"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


PARAMETERS = st.dictionaries(st.sampled_from(["variables", "operationName", "extensions"]), VALUES)
REQUESTS = st.builds(
    lambda query, more: json.dumps({**more, "query": query}), st.text(), PARAMETERS
)


@given(st.text() | st.builds(json.dumps, VALUES) | REQUESTS)
def test_gateway_always_answers_without_500(body: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "connect", lambda: None)
        answer = send(body=body)
    assert answer.status in {200, 400}
    answer.text.encode()


def test_refused_request_says_when_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RateLimited(7)

    monkeypatch.setattr("app.authenticated", refuse)
    answer = send(body=QUERY)
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    (error,) = answer.content["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 7}
