"""Resolvers of accounts."""

from typing import Any

from resolvers.caller import Info, caller
from tidings.users import operations, queries
from tidings.users.schemas import Login, RegisterUser, Registration, Session, UserView


def me(_: Any, info: Info) -> UserView:
    principal = caller(info)
    return queries.get_user(principal.user_id, caller=principal)


def register_user(_: Any, _info: Info, input: dict[str, Any]) -> Registration:
    return operations.register_user(RegisterUser.model_validate(input))


def login(_: Any, _info: Info, input: dict[str, Any]) -> Session:
    return operations.login(Login.model_validate(input))
