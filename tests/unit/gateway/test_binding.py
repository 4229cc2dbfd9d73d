"""A field that follows from an operation fills the operation's parameters from its arguments."""

from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, Field
from resolvers.binding import resolver_of
from resolvers.caller import GatewayContext
from resolvers.connection import Connection

from tidings.platform.errors import Forbidden
from tidings.platform.inputs.parsing import InvalidFields
from tidings.platform.operation import OPERATIONS, PUBLIC, operation, operation_of
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import Page, PageRequest

ID = "6b0152a6f6b097fd8ed20a9a"
CALLER = Principal(user_id="1" * 24, role=Role.CUSTOMER)


class Wish(BaseModel):
    text: str = Field(min_length=1)


class Sort(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"


@pytest.fixture(autouse=True)
def keep_the_registry() -> object:
    before = dict(OPERATIONS)
    yield
    OPERATIONS.clear()
    OPERATIONS.update(before)


def call(function: Any, model: type[BaseModel] | None = None, **arguments: Any) -> Any:
    info: Any = SimpleNamespace(context=GatewayContext(CALLER))
    return resolver_of(operation_of(function), arguments, model)(None, info, **arguments)


def test_input_id_and_caller() -> None:
    @operation(role=Role.CUSTOMER)
    def grant(wish_id: str, wish: Wish, *, caller: Principal) -> list[str]:
        return [wish_id, wish.text, caller.user_id]

    assert call(grant, id=ID, input={"text": "a"}) == [ID, "a", CALLER.user_id]
    with pytest.raises(InvalidFields):
        call(grant, id=ID, input={"text": ""})


def test_arguments_without_an_input_make_the_model() -> None:
    @operation(role=PUBLIC)
    def grant(wish: Wish) -> str:
        return wish.text

    assert call(grant, text="a") == "a"


def test_person_is_an_argument_or_the_caller() -> None:
    @operation(role=Role.CUSTOMER)
    def grant(user_id: str, *, caller: Principal) -> str:
        return user_id

    assert call(grant, user_id=ID) == ID
    assert call(grant, user_id=None) == CALLER.user_id
    assert call(grant) == CALLER.user_id
    assert call(grant, id=ID) == ID
    with pytest.raises(InvalidFields):
        call(grant, user_id="somebody")


def test_id_of_an_object_is_not_replaced_by_the_callers() -> None:
    @operation(role=Role.CUSTOMER)
    def grant(user_id: str, token_id: str, *, caller: Principal) -> list[str]:
        return [user_id, token_id]

    assert call(grant, id=ID) == [CALLER.user_id, ID]


def test_page_filter_and_order() -> None:
    @operation(role=PUBLIC, writes=False)
    def wishes(
        page: PageRequest, wanted: Wish, sort: Sort = Sort.NEWEST, *, caller: Principal | None
    ) -> Page[str]:
        found = [str(page.limit), wanted.text, sort.value, str(caller and caller.role)]
        return Page(
            items=found,
            count=lambda: 4,
            limit=page.limit,
            page=1,
            has_next=False,
            has_previous=False,
            cursors=["a", "b", "c", "d"],
        )

    shown = call(wishes, first=7, after=None, filter={"text": "x"}, sort=None)
    assert isinstance(shown, Connection)
    assert shown.nodes == ["7", "x", "newest", "customer"]
    assert call(wishes, first=7, filter={"text": "x"}, sort="oldest").nodes[2] == "oldest"


def test_own_model_checks_the_arguments() -> None:
    class Arguments(BaseModel):
        text: str = Field(max_length=2)

    @operation(role=PUBLIC)
    def grant(wish_id: str, text: str) -> list[str]:
        return [wish_id, text]

    assert call(grant, Arguments, id=ID, text="ab") == [ID, "ab"]
    with pytest.raises(InvalidFields):
        call(grant, Arguments, id=ID, text="abc")


def test_role_is_checked_by_the_operation() -> None:
    @operation(role=Role.ADMIN)
    def grant(*, caller: Principal) -> None:
        pytest.fail("it ran")

    with pytest.raises(Forbidden):
        call(grant)


def test_parameter_without_an_argument_is_an_error() -> None:
    @operation(role=PUBLIC)
    def grant(code: str) -> None: ...

    with pytest.raises(TypeError, match="no argument of the field is code"):
        call(grant, text="a")
