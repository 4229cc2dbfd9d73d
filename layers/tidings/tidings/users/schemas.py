"""Typed input and output of the users' operations."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    SecretStr,
    StrictBool,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from tidings.platform.auth import PersonRole
from tidings.platform.flags import Flag
from tidings.platform.pagination import PageRequest
from tidings.users.password_policy import refuse_guessable
from tidings.users.preferences import Preferences

INPUT: Final = ConfigDict(extra="forbid", frozen=True)

# NIST SP 800-63B section 5.1.1.2: at least 8 characters; argon2 is bounded by the upper limit.
PASSWORD_MIN, PASSWORD_MAX = 8, 128


def _without_a_name(value: object) -> object:
    # Pydantic would take the address out of `Ada <ada@example.com>`.
    if isinstance(value, str) and "<" in value:
        raise ValueError("send the address alone")
    return value


# Addresses compare without case; RFC 5321 allows 254 characters in all.
Email = Annotated[
    EmailStr, Field(max_length=254), BeforeValidator(_without_a_name), AfterValidator(str.lower)
]
NewPassword = Annotated[SecretStr, Field(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX)]
# Something to read, in one line: names stand in mails to addresses that nobody confirmed. No
# control characters (MongoDB takes no NUL in a pattern), line breaks, or turns of direction.
_UNREADABLE: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
LINE: Final = rf"^[^{_UNREADABLE}]*[^{_UNREADABLE}\s][^{_UNREADABLE}]*$"
PersonName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=LINE)]
SearchText = PersonName
# Generous: people type codes with spaces and dashes.
Code = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20, pattern=r"\S")]


class WithNewPassword(BaseModel):
    """A password that its owner chooses; the address is checked first."""

    model_config = INPUT

    email: Email
    password: NewPassword

    @field_validator("password")
    @classmethod
    def _not_guessable(cls, password: SecretStr, info: ValidationInfo) -> SecretStr:
        email = str(info.data.get("email", ""))
        refuse_guessable(password.get_secret_value(), (email, email.partition("@")[0]))
        return password


class RegisterUser(WithNewPassword):
    """A new account."""

    name: PersonName


class Registration(BaseModel):
    """The answer to a registration: the same whether the address was new or known."""

    email: str
    message: str = "You can sign in with this address now, if it was not registered before."


class VerifyEmail(BaseModel):
    """The code that came by mail."""

    model_config = INPUT

    email: Email
    code: Code


class ResendVerification(BaseModel):
    """Whose address is to be verified."""

    model_config = INPUT

    email: Email


class Login(BaseModel):
    """What a person signs in with."""

    model_config = INPUT

    email: Email
    password: Annotated[SecretStr, Field(min_length=1, max_length=PASSWORD_MAX)]


class RefreshSession(BaseModel):
    """The refresh token of the last answer; it works once."""

    model_config = INPUT

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class Logout(BaseModel):
    """Which sessions to end."""

    model_config = INPUT

    all_sessions: StrictBool = Field(
        default=False, description="on every device, rather than this one"
    )


class RequestPasswordReset(BaseModel):
    """Whose password was forgotten."""

    model_config = INPUT

    email: Email


class ResetPassword(WithNewPassword):
    """The code that came by mail, and the new password."""

    code: Code


class UpdateProfile(BaseModel):
    """What to change of a profile; what is left out stays as it is."""

    model_config = INPUT

    name: PersonName | None = None


class SetUserRole(BaseModel):
    """What a person may do from now on."""

    model_config = INPUT

    role: PersonRole


class UserFilter(BaseModel):
    """Which accounts; all that is said must hold."""

    model_config = ConfigDict(frozen=True)

    search: SearchText | None = Field(default=None, description="a part of the name or the address")
    role: PersonRole | None = None
    verified: Flag | None = Field(default=None, description="whether the address is verified")


class UserQuery(UserFilter, PageRequest):
    """Which accounts, and which part of their list."""


class UserView(BaseModel):
    """An account as its owner and operators see it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    email: str
    name: str
    role: PersonRole
    email_verified: bool
    preferences: Preferences
    created_at: datetime

    @field_validator("preferences", mode="before")
    @classmethod
    def _with_defaults(cls, chosen: object) -> object:
        return Preferences.of(dict(chosen)) if isinstance(chosen, dict) else chosen


class Session(BaseModel):
    """What a person gets for signing in."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="seconds")
    refresh_token: str = Field(description="works once; the answer has the next one")
    user: UserView


class Acknowledgement(BaseModel):
    """It was done, or will be; the same whether an address is known or not."""

    message: str


class PushPlatform(StrEnum):
    IOS = "ios"
    ANDROID = "android"
    WEB = "web"


class RegisterPushToken(BaseModel):
    """What the device's push service gave the app."""

    model_config = INPUT

    platform: PushPlatform
    token: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=4096)]
    device: PersonName | None = Field(default=None, description="what the person calls it")


class PushTokenView(BaseModel):
    """A device that takes push messages; its token is not shown again."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    platform: PushPlatform
    device: str | None
    created_at: datetime


class CreateService(BaseModel):
    """A machine that is to call."""

    model_config = INPUT

    name: PersonName


class ServiceView(BaseModel):
    """A machine that may call, or might."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class ServiceCredentials(BaseModel):
    """What a machine signs in with; the secret is shown this once."""

    client_id: str
    client_secret: str


class StartServiceSession(BaseModel):
    """What a machine signs in with."""

    model_config = INPUT

    client_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    client_secret: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class ServiceSession(BaseModel):
    """What a machine gets for signing in; there is no refresh token, it signs in again."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="seconds")
