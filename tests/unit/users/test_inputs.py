"""Tests of the validation of input for accounts."""

import unicodedata
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from tidings.users.errors import GuessablePassword
from tidings.users.schemas import (
    CreateService,
    Login,
    Logout,
    PromoteToAdmin,
    RefreshSession,
    RegisterPushToken,
    RegisterUser,
    RequestPasswordReset,
    ResetPassword,
    SetUserRole,
    UpdateProfile,
    UserFilter,
    UserQuery,
    VerifyEmail,
)

VALID: dict[type[BaseModel], dict[str, Any]] = {
    RegisterUser: {"email": "a@example.com", "password": "correct horse", "name": "Ada"},
    VerifyEmail: {"email": "a@example.com", "code": "7K2M9QXA"},
    RefreshSession: {"refresh_token": "x"},
    Logout: {"all_sessions": True},
    RequestPasswordReset: {"email": "a@example.com"},
    ResetPassword: {"email": "a@example.com", "code": "7K2M9QXA", "password": "correct horse"},
    UpdateProfile: {"name": "Ada"},
    SetUserRole: {"role": "operator"},
    RegisterPushToken: {"platform": "ios", "token": "abc", "device": "phone"},
}
OPERATORS: list[object] = [{"$gt": ""}, ["x"], {"$ne": None}, {"$regex": ".*"}]


@pytest.mark.parametrize("model", VALID, ids=lambda each: each.__name__)
def test_query_operators_are_refused(model: type[BaseModel]) -> None:
    model.model_validate(VALID[model])
    for field in VALID[model]:
        for operator in OPERATORS:
            with pytest.raises(ValidationError):
                model.model_validate(VALID[model] | {field: operator})


@pytest.mark.parametrize("model", VALID, ids=lambda each: each.__name__)
def test_unknown_fields_and_very_long_strings_are_refused(model: type[BaseModel]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(VALID[model] | {"role_": "admin", "is_admin": True})
    for field, value in VALID[model].items():
        if isinstance(value, str):
            with pytest.raises(ValidationError):
                model.model_validate(VALID[model] | {field: "x" * 1_000_000})


@pytest.mark.parametrize("model", [RegisterUser, ResetPassword], ids=lambda each: each.__name__)
@pytest.mark.parametrize("password", ["iloveyou", "12345678", "a@example.com", "tidings123"])
def test_guessable_password_is_refused_by_name(model: type[BaseModel], password: str) -> None:
    with pytest.raises(GuessablePassword) as refused:
        model.model_validate(VALID[model] | {"password": password})
    assert refused.value.field == "password"
    assert password not in refused.value.message


@pytest.mark.parametrize("name", ["", " ", "Ada\r\nBcc: eve@example.com", "A\x00", "\x1b[2J"])
def test_name_is_one_line_with_a_visible_character(name: str) -> None:
    for model in (RegisterUser, UpdateProfile):
        with pytest.raises(ValidationError):
            model.model_validate(VALID[model] | {"name": name})


def test_secrets_are_not_shown() -> None:
    for model in (RegisterUser, ResetPassword, RefreshSession):
        shown = repr(model.model_validate(VALID[model] | {}))
        assert "correct horse" not in shown
        assert "'x'" not in shown


@pytest.mark.parametrize(
    "written",
    ["ADA@EXAMPLE.COM", " ada@example.com ", "\u212aate@example.com", "ade\u0301@example.com",
     "ad\u00c9@example.com", "ADE\u0301@example.com", "\u0130da@example.com",
     "ada@b\u00fccher.example.com", "ada@B\u00dcCHER.example.com", "ada@xn--bcher-kva.example.com"],
    ids=ascii,
)  # fmt: skip
def test_address_is_kept_in_one_form_however_it_is_written(written: str) -> None:
    kept = RequestPasswordReset.model_validate({"email": written}).email
    assert kept == unicodedata.normalize("NFC", kept.lower())
    assert RequestPasswordReset.model_validate({"email": kept}).email == kept
    assert RequestPasswordReset.model_validate({"email": kept.upper()}).email == kept


@pytest.mark.parametrize(
    "written",
    ["Ada <ada@example.com>", "<ada@example.com>", "ada@example.com, eve@example.com",
     "ada@example.com\nBcc: eve@example.com", "ada@localhost", "ada@[127.0.0.1]",
     "ada\x00@example.com", "ada@deleted.invalid"],
    ids=ascii,
)  # fmt: skip
def test_text_that_is_not_one_address_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        RequestPasswordReset.model_validate({"email": written})


@pytest.mark.parametrize("token", ["", "with space", "line\nbreak", "größe", "\x00"])
def test_push_token_is_printable(token: str) -> None:
    with pytest.raises(ValidationError):
        RegisterPushToken.model_validate({"platform": "ios", "token": token})


def test_filters_come_from_a_query_string() -> None:
    query = UserQuery.model_validate(
        {"search": " ada ", "role": "admin", "verified": "true", "limit": "5", "page": "2"}
    )
    assert (query.search, query.role, query.verified) == ("ada", "admin", True)
    assert (query.limit, query.page) == (5, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"role": "god"},
        {"verified": "perhaps"},
        {"search": " "},
        {"search": "a\x00b"},
        {"search": "\ud800"},
        {"search": {"$ne": ""}},
    ],
)
def test_invalid_filters_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UserFilter.model_validate(change)


@pytest.mark.parametrize("model", [RegisterUser, PromoteToAdmin, Login, CreateService])
@pytest.mark.parametrize(
    "given", [{"password": "hunter2-secret"}, {"email": "a", "password": "hunt2"}]
)
def test_error_of_an_input_quotes_no_password(
    model: type[BaseModel], given: dict[str, str]
) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(given)
    assert given["password"] not in str(refused.value)
