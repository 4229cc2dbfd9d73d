"""Resolvers of accounts."""

from typing import Any

from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from resolvers.loaders import OrdersOf
from tidings.users import operations, queries
from tidings.users.schemas import Login, RegisterUser, Registration, Session, UserView


def me(_: Any, info: Info) -> UserView:
    principal = caller(info)
    return queries.get_user(principal.user_id, caller=principal)


def get_user(_: Any, info: Info, id: str) -> UserView:
    return queries.get_user(id, caller=caller(info))


def register_user(_: Any, _info: Info, input: dict[str, Any]) -> Registration:
    return operations.register_user(RegisterUser.model_validate(input))


def login(_: Any, _info: Info, input: dict[str, Any]) -> Session:
    return operations.login(Login.model_validate(input))


async def orders(user: UserView, info: Info, first: int, after: str | None = None) -> Connection:
    page = PageArguments.model_validate({"first": first, "after": after})
    found = await info.context.loaders.orders.load(OrdersOf(user.id, page))
    assert found is not None, "there is a page for everybody, be it an empty one"
    return connection(found)
