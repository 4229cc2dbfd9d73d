from typing import Any

import pytest
from pydantic import ValidationError

from tidings.users.schemas import Login, RegisterUser, UpdateProfile

VALID: dict[str, Any] = {
    "email": "ada@example.com",
    "password": "correct horse",
    "name": "Ada Lovelace",
}


def test_address_is_kept_in_lower_case() -> None:
    assert RegisterUser.model_validate(VALID | {"email": "Ada@Example.COM"}).email == VALID["email"]
    assert Login(email="Ada@Example.COM", password="x").email == VALID["email"]  # type: ignore[arg-type]


def test_name_is_trimmed() -> None:
    assert RegisterUser.model_validate(VALID | {"name": "  Ada "}).name == "Ada"


@pytest.mark.parametrize("between", ["\r\n", " \n\n ", "\x00", "\u202e", "\u2028"])
def test_name_is_one_line(between: str) -> None:
    name = f"Ada{between}Bcc: eve@example.com"
    with pytest.raises(ValidationError):
        RegisterUser.model_validate(VALID | {"name": name})
    with pytest.raises(ValidationError):
        UpdateProfile(name=name)


@pytest.mark.parametrize(
    "change",
    [
        {"email": "ada"},
        {"email": "ada@"},
        {"email": "ada@example.com\nBcc: eve@example.com"},
        {"email": "a" * 250 + "@example.com"},
        {"email": {"$ne": ""}},
        {"email": ["ada@example.com"]},
        {"password": "short"},
        {"password": "x" * 129},
        {"password": {"$ne": ""}},
        {"name": " "},
        {"name": "\r\n\x00"},
        {"name": "x" * 101},
        {"role": "admin"},
        {"id": "6b0152a5f6b097fd8ed20a98"},
    ],
    ids=str,
)
def test_invalid_field_is_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        RegisterUser.model_validate(VALID | change)
    assert refused.value.errors()[0]["loc"] == tuple(change)


def test_password_is_not_shown() -> None:
    new = RegisterUser.model_validate(VALID)
    assert "correct horse" not in repr(new)
    assert "correct horse" not in new.model_dump_json()


def test_login_accepts_any_password_and_no_other_field() -> None:
    Login.model_validate({"email": VALID["email"], "password": "x"})
    with pytest.raises(ValidationError):
        Login.model_validate({"email": VALID["email"], "password": ""})
    with pytest.raises(ValidationError):
        Login.model_validate(VALID)
