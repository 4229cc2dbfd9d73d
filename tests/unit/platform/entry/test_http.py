import base64
import json
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, Field

from tests.unit.platform.builders import CONTEXT, CUSTOMER_ID, answer_of, api_event, in_a_session
from tidings.platform.context import correlation_id
from tidings.platform.entry import http
from tidings.platform.entry.answers import Reply
from tidings.platform.entry.http import EndpointContract, endpoint
from tidings.platform.entry.requests import MAX_BODY_BYTES, Request
from tidings.platform.errors import NotFound, RateLimited, Unavailable
from tidings.platform.inputs.large import LargeBody
from tidings.platform.operation import PUBLIC
from tidings.platform.secrets import SigningKeys
from tidings.platform.security.auth import Principal, Role, issue_access_token
from tidings.platform.storage.pagination import Page, PageRequest


class Note(BaseModel, extra="forbid"):
    text: str = Field(max_length=1000)
    stars: int = 0


class Notes(LargeBody):
    max_bytes: ClassVar[int] = 2 * MAX_BODY_BYTES
    texts: list[str]


calls: list[Request[Any, Any, Any]] = []


@pytest.fixture(autouse=True)
def no_calls() -> None:
    calls.clear()


@endpoint(EndpointContract(role=PUBLIC, body=Note, status=201))
def take_note(request: Request[Note]) -> Reply:
    calls.append(request)
    return Reply(request.body, message="Noted.")


@endpoint(EndpointContract(role=PUBLIC, body=Notes))
def take_notes(request: Request[Notes]) -> Reply:
    return Reply()


@endpoint(EndpointContract(role=PUBLIC, query=PageRequest))
def read(request: Request[None, PageRequest]) -> Reply:
    calls.append(request)
    return Reply({"page": request.query.page, "id": correlation_id()})


@endpoint(EndpointContract(role=Role.OPERATOR))
def operate(request: Request[None]) -> Reply:
    calls.append(request)
    return Reply({"caller": request.caller.user_id, "person": request.person("user_id")})


@endpoint(EndpointContract(role=PUBLIC, reads_token=False))
def sign_in(request: Request[None]) -> Reply:
    calls.append(request)
    return Reply({})


def bearer(role: Role) -> dict[str, str]:
    caller = in_a_session(Principal(user_id="me-id", role=role))
    return {"Authorization": f"Bearer {issue_access_token(caller)}"}


# ----------------------------------------------------------------- the envelope


def test_answer_is_in_the_envelope() -> None:
    response = take_note(api_event({"text": "größe"}), CONTEXT)
    assert answer_of(response) == (
        201,
        {
            "success": True,
            "data": {"text": "größe", "stars": 0},
            "message": "Noted.",
            "error": None,
            "meta": None,
        },
    )
    assert response["headers"]["Content-Type"] == "application/json"


def test_refusal_is_in_the_envelope() -> None:
    status, envelope = answer_of(take_note(api_event({"text": 7}), CONTEXT))
    assert status == 400
    assert envelope["success"] is False
    assert envelope["data"] is None
    assert envelope["error"]["code"] == "BAD_USER_INPUT"
    assert envelope["error"]["message"] == envelope["message"]
    assert envelope["error"]["details"][0]["field"] == "text"
    assert not calls


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound("There is none."), 404, "NOT_FOUND"),
        (Unavailable("Later."), 503, "INTERNAL"),
        (RuntimeError("secret"), 500, "INTERNAL"),
    ],
)
def test_error_of_the_operation_becomes_its_status(
    error: Exception, status: int, code: str
) -> None:
    @endpoint(EndpointContract(role=PUBLIC))
    def fails(_: Request[None]) -> Reply:
        raise error

    response = fails(api_event(), CONTEXT)
    assert answer_of(response)[0] == status
    assert answer_of(response)[1]["error"]["code"] == code
    assert "secret" not in response["body"]
    assert ("Retry-After" in response["headers"]) == (status == 503)


def test_reply_that_is_no_json_is_an_error_of_ours() -> None:
    @endpoint(EndpointContract(role=PUBLIC))
    def fails(_: Request[None]) -> Reply:
        return Reply(object())

    status, envelope = answer_of(fails(api_event(), CONTEXT))
    assert (status, envelope["error"]["code"]) == (500, "INTERNAL")


def test_page_has_its_position() -> None:
    page = Page[Any](
        items=["a", "b"],
        cursors=["c1", "c2"],
        count=lambda: 5,
        limit=2,
        page=2,
        has_next=True,
        has_previous=True,
    )
    assert Reply.of_page(page).meta == {
        "total": 5,
        "total_is_at_least": False,
        "limit": 2,
        "page": 2,
        "total_pages": 3,
        "has_next": True,
        "has_previous": True,
        "next_cursor": "c2",
    }


def test_last_page_has_no_next_cursor() -> None:
    page = Page[Any](
        items=["a"],
        cursors=["c1"],
        count=lambda: 1,
        limit=2,
        page=1,
        has_next=False,
        has_previous=False,
    )
    meta = Reply.of_page(page).meta
    assert meta is not None
    assert (meta["total_pages"], meta["next_cursor"]) == (1, None)


# ---------------------------------------------------------------------- the body


def test_body_in_base64_is_read() -> None:
    body = base64.b64encode(json.dumps({"text": "größe"}).encode()).decode()
    status, envelope = answer_of(take_note(api_event(body, isBase64Encoded=True), CONTEXT))
    assert (status, envelope["data"]["text"]) == (201, "größe")


@pytest.mark.parametrize(
    "body",
    [None, "", "{", "nope", '{"text": "a"', "\ud800", '{"text": "a"} more', "[" * 100_000],
    ids=["none", "empty", "open", "word", "cut", "surrogate", "trailing", "deep"],
)
def test_body_that_is_not_json_is_refused(body: str | None) -> None:
    status, envelope = answer_of(take_note(api_event(body), CONTEXT))
    assert (status, envelope["message"]) == (400, "The body is not JSON.")
    assert envelope["error"]["details"][0]["field"] == "body"
    assert not calls


@pytest.mark.parametrize("body", ["not base64!", "a", base64.b64encode(b"\xff\xfe").decode()])
def test_base64_of_a_body_that_is_not_json_is_refused(body: str) -> None:
    status, envelope = answer_of(take_note(api_event(body, isBase64Encoded=True), CONTEXT))
    assert (status, envelope["error"]["code"]) == (400, "BAD_USER_INPUT")
    assert not calls


@pytest.mark.parametrize(
    "body",
    [
        [],
        7,
        "null",
        "true",
        {},
        {"text": None},
        {"text": "a", "stars": "many"},
        {"text": "a", "stars": 1.5},
        {"text": "a", "role": "admin"},
        {"text": {"$gt": ""}},
        {"text": "a" * 1001},
        '{"text": "\\ud800"}',
        '{"text": "a", "\\ud800": 1}',
        '{"text": "a", "stars": NaN}',
        '{"text": "a", "stars": 1e999}',
    ],
    ids=str,
)
def test_body_with_invalid_fields_is_refused(body: object) -> None:
    response = take_note(api_event(body), CONTEXT)
    assert answer_of(response)[0] == 400
    response["body"].encode()  # the answer can be sent as JSON
    assert not calls


def test_huge_body_is_refused_without_parsing() -> None:
    body = json.dumps({"text": "a" * MAX_BODY_BYTES})
    assert answer_of(take_note(api_event(body), CONTEXT))[0] == 413
    encoded = base64.b64encode(body.encode()).decode()
    assert answer_of(take_note(api_event(encoded, isBase64Encoded=True), CONTEXT))[0] == 413
    assert not calls


def test_large_body_has_the_limit_of_its_model() -> None:
    most = Notes.max_bytes
    body = {"texts": ["a" * (MAX_BODY_BYTES + 1)]}
    assert answer_of(take_notes(api_event(body), CONTEXT))[0] == 200
    body = {"texts": ["a" * most]}
    status, answer = answer_of(take_notes(api_event(body), CONTEXT))[:2]
    assert status == 413
    assert str(most) in answer["error"]["message"]


def test_size_of_a_body_is_counted_in_bytes() -> None:
    body = '"' + "ö" * (MAX_BODY_BYTES // 2) + '"'
    assert len(body) < MAX_BODY_BYTES
    assert answer_of(take_note(api_event(body), CONTEXT))[0] == 413


def test_number_of_too_many_digits_is_refused() -> None:
    body = '{"text": "a", "stars": ' + "9" * 10_000 + "}"
    assert answer_of(take_note(api_event(body), CONTEXT))[0] == 400


@pytest.mark.parametrize(
    "kind",
    ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8",
     'application/json;charset="UTF-8"', "application/json ; profile=x"],
)  # fmt: skip
def test_body_with_a_json_type_is_read(kind: str) -> None:
    event = api_event({"text": "a"}, headers={"content-type": kind})
    assert answer_of(take_note(event, CONTEXT))[0] == 201


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "text/plain; application/json", "text/plain, application/json", "*/*", "",
     "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json",
     "application/json; charset=utf-16", "application/json, text/plain", "application/jsonp"],
)  # fmt: skip
def test_body_of_another_type_is_415(kind: str) -> None:
    event = api_event({"text": "a"}, headers={"Content-Type": kind})
    status, envelope = answer_of(take_note(event, CONTEXT))
    assert (status, envelope["error"]["code"]) == (415, "BAD_USER_INPUT")
    assert not calls


def test_body_without_a_type_is_415() -> None:
    event = api_event() | {"body": '{"text": "a"}'}
    assert answer_of(take_note(event, CONTEXT))[0] == 415
    assert not calls


@pytest.mark.parametrize(
    "body",
    ['{"text": "a", "text": "b"}', '{"text": "a", "stars": 1e400}', '{"text": "a", "stars": 1E999}',
     '{"text": "a", "stars": ' + "9" * 15_000 + "}", '{"text": "a", "stars": -Infinity}'],
    ids=lambda body: body[:30],
)  # fmt: skip
def test_body_that_parsers_read_differently_is_refused(body: str) -> None:
    status, envelope = answer_of(take_note(api_event(body), CONTEXT))
    assert (status, envelope["message"]) == (400, "The body is not JSON.")
    assert not calls


def test_byte_order_mark_before_json_is_ignored() -> None:
    assert answer_of(take_note(api_event('\ufeff{"text": "a"}'), CONTEXT))[0] == 201


def test_endpoint_without_a_body_does_not_read_one() -> None:
    assert answer_of(read(api_event("{"), CONTEXT))[0] == 200


# ------------------------------------------------------ headers, path and query


def test_event_without_headers_or_parameters_is_served() -> None:
    event = api_event(headers=None)
    assert answer_of(read(event, CONTEXT))[0] == 200
    assert answer_of(read({}, CONTEXT))[0] == 200


@pytest.mark.parametrize("name", ["X-Correlation-Id", "x-correlation-id", "X-CORRELATION-ID"])
def test_correlation_id_is_accepted_and_returned(name: str) -> None:
    response = read(api_event(headers={name: "request-7"}), CONTEXT)
    assert response["headers"]["X-Correlation-Id"] == "request-7"
    assert answer_of(response)[1]["data"]["id"] == "request-7"


@pytest.mark.parametrize("offered", ["a\r\nSet-Cookie: b=c", "", "x" * 500, None])
def test_unsafe_correlation_id_is_replaced(offered: str | None) -> None:
    response = read(api_event(headers={"X-Correlation-Id": offered}), CONTEXT)
    answered = response["headers"]["X-Correlation-Id"]
    assert len(answered) == 36
    assert answered.isprintable()


def test_refusal_carries_the_correlation_id_too() -> None:
    response = take_note(api_event("{", headers={"X-Correlation-Id": "request-7"}), CONTEXT)
    assert response["headers"]["X-Correlation-Id"] == "request-7"


def test_correlation_id_ends_with_the_request() -> None:
    read(api_event(headers={"X-Correlation-Id": "request-7"}), CONTEXT)
    assert correlation_id() is None


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "x"}, {"page": "-1"}, {"limit": "1e9"}], ids=str
)
def test_invalid_parameter_of_the_url_is_named(query: dict[str, str]) -> None:
    status, envelope = answer_of(read(api_event(queryStringParameters=query), CONTEXT))
    assert status == 400
    assert envelope["error"]["details"][0]["field"] == next(iter(query))


def test_unknown_parameters_of_the_url_are_ignored() -> None:
    event = api_event(queryStringParameters={"utm_source": "mail", "page": "2"})
    assert answer_of(read(event, CONTEXT))[1]["data"]["page"] == 2


# ----------------------------------------------------------------------- roles


def test_public_endpoint_needs_no_token() -> None:
    assert answer_of(read(api_event(), CONTEXT))[0] == 200


def test_invalid_token_is_refused_even_where_none_is_needed() -> None:
    event = api_event(headers={"Authorization": "Bearer nonsense"})
    assert answer_of(read(event, CONTEXT))[0] == 401
    assert not calls


def test_missing_token_is_401(keys: SigningKeys) -> None:
    status, envelope = answer_of(operate(api_event(), CONTEXT))
    assert (status, envelope["error"]["code"]) == (401, "UNAUTHENTICATED")
    assert not calls


def test_lesser_role_is_403_and_runs_nothing(keys: SigningKeys) -> None:
    event = api_event(headers=bearer(Role.CUSTOMER), pathParameters={"user_id": "me"})
    status, envelope = answer_of(operate(event, CONTEXT))
    assert (status, envelope["error"]["code"]) == (403, "FORBIDDEN")
    assert not calls


def test_caller_is_refused_before_the_body_is_read(keys: SigningKeys) -> None:
    @endpoint(EndpointContract(role=Role.ADMIN, body=Note))
    def handler(request: Request[Note]) -> Reply:
        raise AssertionError

    event = api_event("{" * 1000, headers=bearer(Role.CUSTOMER))
    assert answer_of(handler(event, CONTEXT))[0] == 403


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_required_or_higher_role_is_served(role: Role, keys: SigningKeys) -> None:
    event = api_event(headers=bearer(role), pathParameters={"user_id": CUSTOMER_ID})
    assert answer_of(operate(event, CONTEXT))[1]["data"] == {
        "caller": "me-id",
        "person": CUSTOMER_ID,
    }


def test_me_stands_for_the_caller(keys: SigningKeys) -> None:
    event = api_event(headers=bearer(Role.ADMIN), pathParameters={"user_id": "me"})
    assert answer_of(operate(event, CONTEXT))[1]["data"]["person"] == "me-id"


def test_endpoint_declares_its_role() -> None:
    assert (operate.contract.role, take_note.contract.role) == (Role.OPERATOR, None)  # type: ignore[attr-defined]


def test_stored_events_are_published_even_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[str] = []
    monkeypatch.setattr(
        "tidings.platform.entry.invocation.publish_stored", lambda: published.append("")
    )

    @endpoint(EndpointContract(role=PUBLIC))
    def fails(_: Request[None]) -> Reply:
        raise NotFound("Gone.")

    assert answer_of(fails(api_event(), CONTEXT))[0] == 404
    assert len(published) == 1


def test_limits_are_those_of_api_gateway() -> None:
    assert MAX_BODY_BYTES < 10 * 1024 * 1024


# ------------------------------------------------------------------- optional parts


class Wish(BaseModel, extra="forbid"):
    reason: str | None = Field(None, max_length=10)


class WishHeaders(BaseModel):
    key: str | None = Field(None, alias="Idempotency-Key", min_length=1, max_length=10)


@endpoint(EndpointContract(role=PUBLIC, body=Wish, headers=WishHeaders))
def wish(request: Request[Wish, None, WishHeaders]) -> Reply:
    calls.append(request)
    return Reply({"reason": request.body.reason, "key": request.headers.key})


@pytest.mark.parametrize("body", [None, ""])
def test_body_without_required_fields_may_be_left_out(body: str | None) -> None:
    assert answer_of(wish(api_event(body), CONTEXT))[1]["data"]["reason"] is None


@pytest.mark.parametrize("body", ["{", " ", "null", '{"other": 1}', '{"reason": "01234567890"}'])
def test_optional_body_is_checked_if_sent(body: str) -> None:
    assert answer_of(wish(api_event(body), CONTEXT))[0] == 400
    assert not calls


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key"])
def test_header_is_read_in_any_case(name: str) -> None:
    event = api_event({"reason": "late"}, headers={name: "key-1"})
    assert answer_of(wish(event, CONTEXT))[1]["data"] == {"reason": "late", "key": "key-1"}


@pytest.mark.parametrize("value", ["", "01234567890"])
def test_invalid_header_is_named(value: str) -> None:
    status, envelope = answer_of(wish(api_event(headers={"idempotency-key": value}), CONTEXT))
    assert status == 400
    assert envelope["error"]["details"][0]["field"] == "Idempotency-Key"
    assert not calls


@pytest.mark.parametrize(
    ("name", "values"),
    [("Idempotency-Key", ["a", "b"]), ("Content-Type", ["application/json", "text/plain"]),
     ("Authorization", ["Bearer a", "Bearer b"])],
)  # fmt: skip
def test_repeated_header_with_different_values_is_named(name: str, values: list[str]) -> None:
    event = api_event({"reason": "late"}, headers={name: values[-1]})
    status, envelope = answer_of(wish(event | {"multiValueHeaders": {name: values}}, CONTEXT))
    assert status == 400
    assert envelope["error"]["details"][0]["field"] == name
    assert not calls


def test_repeated_header_with_the_same_value_is_read() -> None:
    event = api_event({"reason": "late"}, headers={"Idempotency-Key": "a"})
    twice = {"multiValueHeaders": {"Idempotency-Key": ["a"], "idempotency-key": ["a"]}}
    assert answer_of(wish(event | twice, CONTEXT))[1]["data"]["key"] == "a"


def test_method_cannot_be_overridden_by_a_header() -> None:
    event = api_event(headers={"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "PUT"})
    assert answer_of(read(event, CONTEXT))[0] == 200


def test_other_headers_are_ignored() -> None:
    assert answer_of(wish(api_event(headers={"X-Other": "1"}), CONTEXT))[0] == 200


def test_endpoint_without_authentication_ignores_an_old_token(no_limits: list[Principal]) -> None:
    event = api_event(headers={"Authorization": "Bearer expired"})
    assert sign_in(event, CONTEXT)["statusCode"] == 200
    assert calls[0].principal is None
    assert no_limits == []


def test_calls_of_signed_in_users_are_counted(
    keys: SigningKeys, no_limits: list[Principal]
) -> None:
    refused = operate(api_event(headers=bearer(Role.CUSTOMER)), CONTEXT)
    assert refused["statusCode"] == 403
    assert len(no_limits) == 1, "a call that its role forbids is counted, too"
    no_limits.clear()
    event = api_event(headers=bearer(Role.OPERATOR), pathParameters={"user_id": "me"})
    assert operate(event, CONTEXT)["statusCode"] == 200
    assert [each.user_id for each in no_limits] == ["me-id"]


def test_limit_is_429_with_the_seconds_to_wait(
    keys: SigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Principal | None) -> None:
        raise RateLimited(7)

    monkeypatch.setattr(http, "admit_caller", refuse)
    response = operate(api_event(headers=bearer(Role.OPERATOR)), CONTEXT)
    status, envelope = answer_of(response)
    assert (status, envelope["error"]["code"]) == (429, "RATE_LIMITED")
    assert response["headers"]["Retry-After"] == "7"
    assert not calls
