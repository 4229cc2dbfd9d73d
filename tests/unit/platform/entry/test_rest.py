"""An endpoint that follows from an operation takes its parameters from the request."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field

from tests.unit.platform.builders import CONTEXT, api_event
from tidings.platform.entry.rest import contract_of, rest
from tidings.platform.operation import OPERATIONS, PUBLIC, operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import Page, PageRequest

ID = "6b0152a6f6b097fd8ed20a9a"
CALLER = Principal(user_id="1" * 24, role=Role.CUSTOMER)


class Wish(BaseModel):
    text: str


class WishFilter(BaseModel):
    text: str | None = None


class WishQuery(PageRequest, WishFilter):
    pass


class Headers(BaseModel):
    idempotency_key: str | None = Field(None, alias="Idempotency-Key")


@pytest.fixture(autouse=True)
def keep_the_registry() -> object:
    before = dict(OPERATIONS)
    yield
    OPERATIONS.clear()
    OPERATIONS.update(before)


@pytest.fixture(autouse=True)
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings.platform.entry.http.authenticated", lambda _: CALLER)
    monkeypatch.setattr("tidings.platform.entry.http.admit_caller", lambda caller: caller)
    monkeypatch.setattr("tidings.platform.storage.database.connect", lambda: None)


def call(handler: Any, body: Any = "", **event: Any) -> tuple[int, Any]:
    answer = handler(api_event(body, **event), CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def test_path_body_headers_and_caller_are_taken() -> None:
    @operation(role=Role.CUSTOMER)
    def grant(
        wish_id: str, wish: Wish, *, caller: Principal, idempotency_key: str | None = None
    ) -> list[str]:
        return [wish_id, wish.text, caller.user_id, str(idempotency_key)]

    handler = rest(grant, status=201, headers=Headers, message="Granted.")
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    status, envelope = call(handler, {"text": "a"}, pathParameters={"wish_id": ID}, headers=headers)
    assert (status, envelope["message"]) == (201, "Granted.")
    assert envelope["data"] == [ID, "a", CALLER.user_id, "k"]


def test_the_only_path_parameter_may_have_another_name() -> None:
    @operation(role=PUBLIC)
    def grant(wish_id: str) -> str:
        return wish_id

    assert call(rest(grant), pathParameters={"id": ID})[1]["data"] == ID


def test_me_is_the_caller() -> None:
    @operation(role=Role.CUSTOMER)
    def grant(user_id: str, token_id: str, *, caller: Principal) -> list[str]:
        return [user_id, token_id, caller.user_id]

    path = {"user_id": "me", "token_id": ID}
    assert call(rest(grant), pathParameters=path)[1]["data"] == [CALLER.user_id, ID, CALLER.user_id]


def test_page_and_filter_come_from_the_query() -> None:
    @operation(role=PUBLIC, writes=False)
    def wishes(page: PageRequest, wanted: WishFilter, text: str) -> Page[str]:
        found = [str(page.limit), str(wanted.text), text]
        return Page(
            items=found,
            count=lambda: 3,
            limit=page.limit,
            page=1,
            has_next=False,
            has_previous=False,
            cursors=[],
        )

    handler = rest(wishes, query=WishQuery)
    parameters = {"limit": "3", "text": "a"}
    status, envelope = call(handler, queryStringParameters=parameters)
    assert (status, envelope["data"], envelope["meta"]["total"]) == (200, ["3", "a", "a"], 3)
    assert contract_of(wishes, query=WishQuery).returns == list[str]
    assert contract_of(wishes, query=WishQuery).body is None


def test_two_bodies_are_an_error() -> None:
    @operation(role=PUBLIC)
    def grant(wish: Wish, wanted: WishFilter) -> None: ...

    with pytest.raises(TypeError, match="which of"):
        rest(grant)


def test_contract_follows_the_declaration_of_the_operation() -> None:
    @operation(role=Role.OPERATOR, services=True)
    def grant(wish: Wish, *, caller: Principal) -> Wish:
        return wish

    contract = contract_of(grant, status=202, also_status=(200,), reads_token=False)
    assert (contract.role, contract.services) == (Role.OPERATOR, True)
    assert (contract.body, contract.returns) == (Wish, Wish)
    assert (contract.status, contract.also_status, contract.reads_token) == (202, (200,), False)
