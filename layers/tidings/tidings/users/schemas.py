"""Typed input and output of the users' operations."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    SecretStr,
    StringConstraints,
)

from tidings.platform.auth import Role

# NIST SP 800-63B section 5.1.1.2: at least 8 characters; argon2 is bounded by the upper limit.
PASSWORD_MIN, PASSWORD_MAX = 8, 128

# Addresses compare without case; RFC 5321 allows 254 characters in all.
Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(str.lower)]
NewPassword = Annotated[SecretStr, Field(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX)]
PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class RegisterUser(BaseModel):
    """A new account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Email
    password: NewPassword
    name: PersonName


class Login(BaseModel):
    """What a person signs in with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Email
    password: Annotated[SecretStr, Field(min_length=1, max_length=PASSWORD_MAX)]


class Registration(BaseModel):
    """The answer to a registration: the same whether the address was new or known."""

    email: str
    message: str = "You can sign in with this address now, if it was not registered before."


class UserView(BaseModel):
    """An account as its owner and operators see it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    email: str
    name: str
    role: Role
    created_at: datetime


class Session(BaseModel):
    """What a person gets for signing in."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="seconds")
    user: UserView
