"""Typed input and output of the delivery."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tidings.users.preferences import Category
from tidings.users.schemas import PushPlatform

ChannelName = Literal["email", "push", "sms", "webhook"]

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
