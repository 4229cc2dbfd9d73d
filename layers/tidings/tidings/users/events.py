"""The events that users publish.

An event may contain a code, for the mail that brings it to the person. A code is short-lived, works
once, and is never logged.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from tidings.platform.messaging.events import Event, EventData, OneTimeCode
from tidings.platform.security.auth import PersonRole

# The purposes are the same as in users/codes.py.
VerificationCode = Annotated[
    str,
    OneTimeCode("verification"),
    Field(description="proves that the person reads this address"),
]
ResetCode = Annotated[
    str, OneTimeCode("password-reset"), Field(description="allows to set a new password once")
]


PhoneCode = Annotated[
    str,
    OneTimeCode("phone-verification"),
    Field(description="proves that the person reads texts to this number"),
]


class UserRegisteredData(EventData):
    user_id: str
    verification_code: VerificationCode
    code_expires_at: datetime


class UserRegistered(Event):
    """A person registered an account; its address is not verified yet."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.registered"] = "user.registered"
    data: UserRegisteredData


class UserVerificationRequestedData(EventData):
    user_id: str
    verification_code: VerificationCode
    code_expires_at: datetime


class UserVerificationRequested(Event):
    """A person requested another code to verify the address; older codes still work."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.verification_requested"] = "user.verification_requested"
    data: UserVerificationRequestedData


class UserPhoneVerificationRequestedData(EventData):
    user_id: str
    check: str = Field(description="id of this request; a changed number has another one")
    phone_code: PhoneCode
    code_expires_at: datetime


class UserPhoneVerificationRequested(Event):
    """A person requested the code that verifies their phone number."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.phone_verification_requested"] = "user.phone_verification_requested"
    data: UserPhoneVerificationRequestedData


class UserVerifiedData(EventData):
    user_id: str


class UserVerified(Event):
    """A person proved that they read the account's e-mail address."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.verified"] = "user.verified"
    data: UserVerifiedData


class UserPasswordResetRequestedData(EventData):
    user_id: str
    reset_code: ResetCode
    code_expires_at: datetime


class UserPasswordResetRequested(Event):
    """Someone who knows the address requested a code to set a new password."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.password_reset_requested"] = "user.password_reset_requested"
    data: UserPasswordResetRequestedData


class UserPreferencesUpdatedData(EventData):
    user_id: str
    changed: list[str] = Field(description="the changed preferences, e.g. promotions.email")


class UserPreferencesUpdated(Event):
    """A person changed their notification preferences."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.preferences_updated"] = "user.preferences_updated"
    data: UserPreferencesUpdatedData


class UserRoleChangedData(EventData):
    user_id: str
    role: PersonRole = Field(description="the new role")


class UserRoleChanged(Event):
    """An account got another role; its owner is notified, because another person changed it."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.role_changed"] = "user.role_changed"
    data: UserRoleChangedData


class UserDeletedData(EventData):
    user_id: str


class UserDeleted(Event):
    """An account was deleted; every domain erases the person's data."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.deleted"] = "user.deleted"
    data: UserDeletedData
