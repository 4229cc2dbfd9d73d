"""Typed input and output of the delivery."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tidings.platform.flags import Flag
from tidings.platform.pagination import PageRequest
from tidings.users.preferences import Category
from tidings.users.schemas import PushPlatform

ChannelName = Literal["email", "push", "sms", "webhook"]

UserId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
# Whatever may have bounced: providers tell of addresses that nobody could register.
MailAddress = Annotated[
    str,
    StringConstraints(max_length=320, pattern=r"^[^\x00-\x20\x7f@]+@[^\x00-\x20\x7f@]+$"),
]
# It is logged: an address has no place in it.
LiftReason = Annotated[
    str,
    StringConstraints(
        # The schema says as well as the check that blanks around it do not count.
        strip_whitespace=True,
        max_length=500,
        pattern=r"^\s*[^\x00-\x20\x7f@][^\x00-\x1f\x7f@]+[^\x00-\x20\x7f@]\s*$",
    ),
]

VALUE = ConfigDict(frozen=True, hide_input_in_errors=True)


class Device(BaseModel):
    """An app on a device that takes push messages."""

    model_config = VALUE

    platform: PushPlatform
    token: str


class Address(BaseModel):
    """Where a person is reached; a channel reads its own fields."""

    model_config = VALUE

    email: str | None = None
    name: str = ""
    devices: tuple[Device, ...] = ()
    phone: str | None = None
    webhook_url: str | None = None
    # What the secret of the webhook is made of (users' contact points).
    webhook_id: str | None = None


class Rendered(BaseModel):
    """The words of a message; a channel reads its own fields."""

    model_config = VALUE

    subject: str = ""
    html: str = ""
    text: str = ""
    title: str = ""
    body: str = ""


class OutgoingMessage(BaseModel):
    """One message to one person by one channel: addressed, worded, ready to go."""

    model_config = VALUE

    notification_id: str
    channel: ChannelName
    user_id: str
    kind: str
    category: Category
    address: Address
    rendered: Rendered
    # What an app gets along with a push message: notification_id, kind, subject_id.
    data: dict[str, str] = Field(default_factory=dict)
    correlation_id: str | None = None
    unsubscribe_url: str | None = None


class Receipt(BaseModel):
    """That a provider took a message."""

    model_config = ConfigDict(frozen=True)

    provider: str
    provider_message_id: str | None = None
    detail: str | None = None
    # The provider will not report any more whether it arrived.
    is_final: bool


class MailFeedback(BaseModel):
    """What a mail provider says about a mail that it took."""

    model_config = VALUE

    provider: str
    provider_message_id: str
    kind: Literal["delivered", "hard_bounce", "soft_bounce", "complaint", "rejected"]
    recipients: tuple[str, ...]
    notification_id: str | None = None
    correlation_id: str | None = None
    at: datetime


class UnsubscribeLink(BaseModel):
    """What a link in a mail stands for."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    category: Category
    notification_id: str


class UnsubscriptionView(BaseModel):
    """That a person ended a kind of mail by its link."""

    model_config = ConfigDict(from_attributes=True)

    category: str
    created_at: datetime


class SuppressionFilter(BaseModel):
    """Which suppressions; all that is said must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    channel: ChannelName | None = None
    user_id: UserId | None = Field(
        default=None, description="of the address that this account has now"
    )
    address: MailAddress | None = Field(
        default=None, description="of this address; it is compared by its hash, and not kept"
    )
    lifted: Flag = Field(
        default=False, description="what was lifted in the last 30 days, not the rest"
    )


class GetSuppressions(PageRequest, SuppressionFilter):
    """A page of suppressions."""


class LiftSuppression(BaseModel):
    """Why an address gets mail again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: LiftReason = Field(
        description="why it gets mail again; it is kept and logged, so no addresses (no @)"
    )


class SuppressionActView(BaseModel):
    """What an operator did with a suppression."""

    model_config = ConfigDict(from_attributes=True)

    act: str
    by: str
    at: datetime
    reason: str | None


class SuppressionView(BaseModel):
    """That an address gets no more messages; whose it is nobody can tell."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(description="a keyed hash of the address")
    channel: str
    reason: str
    created_at: datetime
    lifted_at: datetime | None
    acts: list[SuppressionActView]
