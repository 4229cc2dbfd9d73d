"""Resolvers of accounts."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from resolvers.loaders import OrdersOf
from tidings.users import (
    operations,
    password_reset,
    push_tokens,
    queries,
    registration,
    sessions,
)
from tidings.users.preferences import UpdatePreferences
from tidings.users.schemas import (
    Acknowledgement,
    Login,
    Logout,
    PushTokenView,
    RefreshSession,
    RegisterPushToken,
    RegisterUser,
    Registration,
    RequestPasswordReset,
    ResendVerification,
    ResetPassword,
    Session,
    SetUserRole,
    UpdateProfile,
    UserFilter,
    UserView,
    VerifyEmail,
)


def me(_: Any, info: Info) -> UserView:
    principal = caller(info)
    return queries.get_user(principal.user_id, caller=principal)


def get_user(_: Any, info: Info, id: str) -> UserView:
    return queries.get_user(id, caller=caller(info))


def get_users(
    _: Any,
    info: Info,
    first: int,
    after: str | None = None,
    filter: dict[str, Any] | None = None,
) -> Connection:
    page = PageArguments.model_validate({"first": first, "after": after})
    where = UserFilter.model_validate(filter or {})
    return connection(queries.get_users(where, page, caller=caller(info)))


def get_push_tokens(_: Any, info: Info, user_id: str | None = None) -> list[PushTokenView]:
    principal = caller(info)
    return push_tokens.get_push_tokens(user_id or principal.user_id, caller=principal)


def register_user(_: Any, _info: Info, input: dict[str, Any]) -> Registration:
    return registration.register_user(RegisterUser.model_validate(input))


def verify_email(_: Any, _info: Info, input: dict[str, Any]) -> Acknowledgement:
    return registration.verify_email(VerifyEmail.model_validate(input))


def resend_verification(_: Any, _info: Info, **arguments: Any) -> Acknowledgement:
    return registration.resend_verification(ResendVerification.model_validate(arguments))


def login(_: Any, _info: Info, input: dict[str, Any]) -> Session:
    return sessions.login(Login.model_validate(input))


def refresh_session(_: Any, _info: Info, **arguments: Any) -> Session:
    return sessions.refresh_session(RefreshSession.model_validate(arguments))


def logout(_: Any, info: Info, **arguments: Any) -> Acknowledgement:
    return sessions.logout(Logout.model_validate(arguments), caller=caller(info))


def request_password_reset(_: Any, _info: Info, **arguments: Any) -> Acknowledgement:
    return password_reset.request_password_reset(RequestPasswordReset.model_validate(arguments))


def reset_password(_: Any, _info: Info, input: dict[str, Any]) -> Acknowledgement:
    return password_reset.reset_password(ResetPassword.model_validate(input))


def update_profile(_: Any, info: Info, input: dict[str, Any]) -> UserView:
    principal = caller(info)
    changed = UpdateProfile.model_validate(input)
    return operations.update_profile(principal.user_id, changed, caller=principal)


def update_user_preferences(_: Any, info: Info, input: dict[str, Any]) -> UserView:
    principal = caller(info)
    changed = UpdatePreferences.model_validate(input)
    return operations.update_user_preferences(principal.user_id, changed, caller=principal)


def set_user_role(_: Any, info: Info, user_id: str, **arguments: Any) -> UserView:
    wanted = SetUserRole.model_validate(arguments)
    return operations.set_user_role(user_id, wanted, caller=caller(info))


def delete_account(_: Any, info: Info, user_id: str | None = None) -> Acknowledgement:
    principal = caller(info)
    return operations.delete_account(user_id or principal.user_id, caller=principal)


def register_push_token(_: Any, info: Info, input: dict[str, Any]) -> PushTokenView:
    principal = caller(info)
    new = RegisterPushToken.model_validate(input)
    return push_tokens.register_push_token(principal.user_id, new, caller=principal)


def remove_push_token(_: Any, info: Info, id: str) -> Acknowledgement:
    principal = caller(info)
    return push_tokens.remove_push_token(principal.user_id, id, caller=principal)


async def orders(user: UserView, info: Info, first: int, after: str | None = None) -> Connection:
    page = PageArguments.model_validate({"first": first, "after": after})
    found = await info.context.loaders.orders.load(OrdersOf(user.id, page))
    assert found is not None, "there is a page for everybody, be it an empty one"
    return connection(found)


QUERIES: Final[dict[str, Resolver]] = {
    "me": me,
    "getUser": get_user,
    "getUsers": get_users,
    "getPushTokens": get_push_tokens,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "registerUser": register_user,
    "verifyEmail": verify_email,
    "resendVerification": resend_verification,
    "login": login,
    "refreshSession": refresh_session,
    "logout": logout,
    "requestPasswordReset": request_password_reset,
    "resetPassword": reset_password,
    "updateProfile": update_profile,
    "updateUserPreferences": update_user_preferences,
    "setUserRole": set_user_role,
    "deleteAccount": delete_account,
    "registerPushToken": register_push_token,
    "removePushToken": remove_push_token,
}
NESTED: Final[dict[str, dict[str, Resolver]]] = {
    "User": {"orders": orders},
}
