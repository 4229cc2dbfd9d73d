"""Input and output models of user operations."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    StringConstraints,
    ValidationInfo,
    computed_field,
    field_validator,
)

from tidings.platform.inputs.flags import Flag
from tidings.platform.schema import Schema
from tidings.platform.security.auth import PersonRole
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.addresses import Email, NewEmail
from tidings.platform.text.visible_text import VisibleLine
from tidings.users.password_policy import refuse_guessable
from tidings.users.person_names import without_links
from tidings.users.preferences import ChannelSwitches, Preferences
from tidings.users.push_platforms import PushPlatform
from tidings.users.service_kinds import ServiceKind
from tidings.users.webhook_urls import WebhookUrl

# Errors must not quote input, because the errors of functions without a route are logged unchanged.
INPUT: Final = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

# NIST SP 800-63B section 5.1.1.2: at least 8 characters. The maximum limits the cost of argon2.
PASSWORD_MIN, PASSWORD_MAX = 8, 128


NewPassword = Annotated[SecretStr, Field(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX)]
PersonName = Annotated[str, VisibleLine(max_length=100), AfterValidator(without_links)]
# The name of a device or a service.
Label = Annotated[str, VisibleLine(max_length=100)]
# MongoDB accepts no NUL in a pattern.
SearchText = Annotated[str, VisibleLine(max_length=100)]
# Longer than a code, because people type codes with spaces and dashes.
Code = Annotated[str, VisibleLine(max_length=20)]


class WithNewPassword(Schema):
    """A new password; the address is validated first, because the password must not contain it."""

    model_config = INPUT

    email: Email
    password: NewPassword

    @field_validator("password")
    @classmethod
    def _not_guessable(cls, password: SecretStr, info: ValidationInfo) -> SecretStr:
        return _checked(password, info)


def _checked(password: SecretStr, info: ValidationInfo) -> SecretStr:
    email = str(info.data.get("email", ""))
    refuse_guessable(password.get_secret_value(), (email, email.partition("@")[0]))
    return password


class RegisterUser(WithNewPassword):
    """A new account."""

    email: NewEmail
    name: PersonName
    preferences: ChannelSwitches | None = Field(
        default=None, description="whether to send mail and push; the default is both"
    )


class Registration(Schema):
    """The answer to a registration; it is the same for new and known addresses."""

    email: str
    message: str = "You can sign in with this address now, if it was not registered before."


class VerifyEmail(Schema):
    """The code from the mail."""

    model_config = INPUT

    email: Email
    code: Code
    password: NewPassword | None = Field(
        default=None, description="the account's password; with another one the account is reset"
    )

    @field_validator("password")
    @classmethod
    def _not_guessable(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        return None if password is None else _checked(password, info)


class EmailVerification(Schema):
    """The address is verified."""

    message: str
    password_needed: bool = Field(
        description="the account was reset and has no password: set one by a password reset"
    )

    @classmethod
    def of(cls, *, password_needed: bool) -> Self:
        """Return the answer with its message."""
        more = " Set a password: request a password reset." if password_needed else ""
        return cls(message=f"The address is verified.{more}", password_needed=password_needed)


class VerifyPhone(Schema):
    """The code from the text message."""

    model_config = INPUT

    code: Code


class ResendVerification(Schema):
    """The address to verify."""

    model_config = INPUT

    email: Email


class Login(Schema):
    """A person's credentials."""

    model_config = INPUT

    email: Email
    password: Annotated[SecretStr, Field(min_length=1, max_length=PASSWORD_MAX)]
    device_token: Annotated[SecretStr, Field(max_length=200)] | None = Field(
        default=None,
        description="the device token from the last sign-in on this device",
    )


class RefreshSession(Schema):
    """The refresh token of the last answer; it works once."""

    model_config = INPUT

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class Logout(Schema):
    """The sessions to end."""

    model_config = INPUT

    all_sessions: StrictBool = Field(
        default=False, description="end the sessions on all devices, not only this one"
    )


class RequestPasswordReset(Schema):
    """The address of the account with the forgotten password."""

    model_config = INPUT

    email: Email


class ResetPassword(WithNewPassword):
    """The code from the mail, and the new password."""

    code: Code


class UpdateProfile(Schema):
    """The profile fields to change; fields that are left out do not change."""

    model_config = INPUT

    name: PersonName | None = None


class SetUserRole(Schema):
    """The new role of a person."""

    model_config = INPUT

    role: PersonRole


class PromoteToAdmin(Schema):
    """The address of the account to promote."""

    model_config = INPUT

    email: Email


class UserFilter(Schema):
    """A filter for accounts; all conditions must hold."""

    model_config = ConfigDict(frozen=True)

    search: SearchText | None = Field(default=None, description="a part of the name or the address")
    role: PersonRole | None = None
    verified: Flag | None = Field(default=None, description="whether the address is verified")


class UserQuery(UserFilter, PageRequest):
    """A filter for accounts, and the requested part of the list."""


class UserView(Schema):
    """An account as its owner and operators see it."""

    # Frozen, because a kept account is shared by calls.
    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: str
    email: str
    name: str
    role: PersonRole
    email_verified: bool
    preferences: Preferences
    created_at: datetime

    @computed_field(description="the same as `id`")  # type: ignore[prop-decorator]
    @property
    def user_id(self) -> str:
        return self.id

    @field_validator("preferences", mode="before")
    @classmethod
    def _with_defaults(cls, chosen: object) -> object:
        return Preferences.of(dict(chosen)) if isinstance(chosen, dict) else chosen


class AccountView(UserView):
    """An account by itself, with its newest device."""

    push_token: str | None = Field(
        default=None, description="the end of the newest device's token; null without a device"
    )


class Session(Schema):
    """The tokens of a signed-in person."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="seconds")
    refresh_token: str = Field(description="works once; the answer contains the next one")
    user: UserView
    device_token: str | None = Field(
        default=None, description="for the next sign-in on this device; null after a refresh"
    )


class Acknowledgement(Schema):
    """The request was accepted; the answer is the same for known and unknown addresses."""

    message: str


class PasswordReset(Acknowledgement):
    """The password is changed."""

    message: str = "The password is changed. Sign in with the new one."
    device_token: str = Field(description="for the next sign-in, which then has no delay")


# The addresses of accounts.
Team = Annotated[tuple[Email, ...], Field(max_length=100)]


class RegisterPushToken(Schema):
    """The token that the device's push service gave the app."""

    model_config = INPUT

    platform: PushPlatform
    token: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=4096)]
    device: Label | None = Field(default=None, description="the person's name for the device")


class PushTokenView(Schema):
    """A device that receives push messages; its token is not shown again."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    platform: PushPlatform
    device: str | None
    created_at: datetime


class CreateService(Schema):
    """A new service."""

    model_config = INPUT

    name: Label
    kind: ServiceKind = Field(default=ServiceKind.LIVE, description="it cannot be changed later")
    team: Team = Field(default=(), description="accounts that a service of the kind team may reach")


class SetServiceTeam(Schema):
    """The accounts that a service of the kind `team` may send to; they replace the old ones."""

    model_config = INPUT

    client_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    team: Team


class SetServiceCallback(Schema):
    """The URL that gets the statuses of a service's messages."""

    model_config = INPUT

    client_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    url: WebhookUrl | None = Field(default=None, description="without it, there is none")


class ServiceCallback(Schema):
    """The callback of a service."""

    client_id: str
    url: str | None
    secret: str | None = Field(
        default=None, description="verifies the calls; shown once, when the URL is new"
    )


class ServiceView(Schema):
    """A service that may call the API, or was revoked."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    kind: ServiceKind
    team: list[str] = Field(description="the ids of the accounts that it may send to")
    callback_url: str | None = Field(description="gets the statuses of its messages")
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class ServiceCredentials(Schema):
    """A service's credentials; the secret is shown only once."""

    client_id: str
    client_secret: str


class StartServiceSession(Schema):
    """A service's credentials."""

    model_config = INPUT

    client_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    client_secret: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class ServiceSession(Schema):
    """The access token of a service; there is no refresh token, it signs in again."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="seconds")
