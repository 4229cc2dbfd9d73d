"""What the users announce.

A code travels in its event, for the mail that brings it to the person. It is short-lived,
works once, and is never logged.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from tidings.platform.events import Event, EventData


class UserRegisteredData(EventData):
    user_id: str
    verification_code: str = Field(description="proves that the person reads this address")
    code_expires_at: datetime


class UserRegistered(Event):
    """A person made an account; the address is not verified yet."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.registered"] = "user.registered"
    data: UserRegisteredData


class UserVerificationRequestedData(EventData):
    user_id: str
    verification_code: str = Field(description="proves that the person reads this address")
    code_expires_at: datetime


class UserVerificationRequested(Event):
    """A person asked again for the code that verifies their address; the last one is void."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.verification_requested"] = "user.verification_requested"
    data: UserVerificationRequestedData


class UserVerifiedData(EventData):
    user_id: str


class UserVerified(Event):
    """A person proved that they read the account's e-mail address."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.verified"] = "user.verified"
    data: UserVerifiedData


class UserPasswordResetRequestedData(EventData):
    user_id: str
    reset_code: str = Field(description="allows to set a new password once")
    code_expires_at: datetime


class UserPasswordResetRequested(Event):
    """Somebody who knows the address asked for a code to set a new password."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.password_reset_requested"] = "user.password_reset_requested"
    data: UserPasswordResetRequestedData


class UserPreferencesUpdatedData(EventData):
    user_id: str
    changed: list[str] = Field(description="what was set, e.g. promotions.email")


class UserPreferencesUpdated(Event):
    """A person changed how they want to be told of things."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.preferences_updated"] = "user.preferences_updated"
    data: UserPreferencesUpdatedData


class UserDeletedData(EventData):
    user_id: str


class UserDeleted(Event):
    """An account was deleted: whoever keeps something of this person forgets it."""

    source: Literal["tidings/users"] = "tidings/users"
    type: Literal["user.deleted"] = "user.deleted"
    data: UserDeletedData
