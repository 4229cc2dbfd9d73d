"""Accounts: the caller's own, and a person's orders."""

from typing import Any

from resolvers.binding import resolves
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from resolvers.loaders import OrdersOf
from tidings.platform.inputs.parsing import parsed
from tidings.users.queries import get_user
from tidings.users.schemas import UserView


@resolves(get_user)
def me(_: Any, info: Info) -> UserView:
    principal = caller(info)
    return get_user(principal.user_id, caller=principal)


async def orders(user: UserView, info: Info, first: int, after: str | None = None) -> Connection:
    page = parsed(PageArguments, {"first": first, "after": after})
    found = await info.context.loaders.orders.load_later(OrdersOf(user.id, page))
    assert found is not None, "the loader returns a page for every customer"
    return connection(found)
