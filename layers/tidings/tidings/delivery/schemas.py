"""Input and output models of delivery."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from tidings.platform.context import CORRELATION_ID
from tidings.platform.inputs.flags import Flag
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.visible_text import VisibleLine
from tidings.users.preferences import Category
from tidings.users.schemas import PushPlatform

ChannelName = Literal["email", "push", "sms", "webhook"]

# Any address that may have bounced, as a provider or a mail program writes it: also `Ada
# <ada@b.example>`.
MailAddress = Annotated[
    str,
    StringConstraints(
        max_length=600,
        pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f@]@[^\x00-\x20\x7f@][^\x00-\x1f\x7f@]*$",
    ),
]
# The reason is logged, so it must not contain an address.
LiftReason = Annotated[str, VisibleLine(max_length=500, min_length=3, without="@")]

VALUE = ConfigDict(frozen=True, hide_input_in_errors=True)


def _safe_in_a_header(correlation_id: object) -> object:
    """Drop an id that does not look like ours, because mails and webhooks have it in a header."""
    if isinstance(correlation_id, str) and CORRELATION_ID.fullmatch(correlation_id):
        return correlation_id
    return None


# Headers of mails and webhooks contain it, and SES's tags.
NotificationId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
CorrelationId = Annotated[str | None, BeforeValidator(_safe_in_a_header)]


class Device(Schema):
    """A device that receives push messages."""

    model_config = VALUE

    platform: PushPlatform
    token: str


class Address(Schema):
    """The addresses of a person; each channel reads its own fields."""

    model_config = VALUE

    email: str | None = None
    name: str = ""
    devices: tuple[Device, ...] = ()
    phone: str | None = None
    webhook_url: str | None = None
    # The webhook's signing key is derived from it (contact points of users).
    webhook_id: str | None = None


class Rendered(Schema):
    """The text of a message; each channel reads its own fields."""

    model_config = VALUE

    subject: str = ""
    html: str = ""
    text: str = ""
    title: str = ""
    body: str = ""


class OutgoingMessage(Schema):
    """One rendered and addressed message to one person through one channel."""

    model_config = VALUE

    notification_id: NotificationId
    channel: ChannelName
    user_id: str
    kind: str
    category: Category
    address: Address
    rendered: Rendered
    # Data for the app in a push message: notification_id, kind, subject_id.
    data: dict[str, str] = Field(default_factory=dict)
    correlation_id: CorrelationId = None
    unsubscribe_url: str | None = None


class Receipt(Schema):
    """A provider's acceptance of a message."""

    model_config = ConfigDict(frozen=True)

    provider: str
    provider_message_id: str | None = None
    detail: str | None = None
    # True if the provider will not report later whether the message arrived.
    is_final: bool


class MailFeedback(Schema):
    """A mail provider's feedback on a mail that it accepted."""

    model_config = VALUE

    provider: str
    provider_message_id: str
    kind: Literal["delivered", "hard_bounce", "soft_bounce", "complaint", "rejected"]
    recipients: tuple[str, ...]
    notification_id: str | None = None
    correlation_id: str | None = None
    at: datetime


class UnsubscribeLink(Schema):
    """The content of an unsubscribe link."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    category: Category
    notification_id: str


class UnsubscriptionView(Schema):
    """A kind of mail that a person ended by its link."""

    model_config = ConfigDict(from_attributes=True)

    category: str
    created_at: datetime


class SuppressionFilter(Schema):
    """A filter for suppressions; all conditions must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    channel: ChannelName | None = None
    user_id: DocumentId | None = Field(
        default=None, description="the suppression of this account's current address"
    )
    address: MailAddress | None = Field(
        default=None, description="the suppression of this address; the address is not stored"
    )
    lifted: Flag = Field(
        default=False, description="only those lifted in the last 30 days, or only the others"
    )


class GetSuppressions(PageRequest, SuppressionFilter):
    """A filter for suppressions, and the requested part of the list."""


class LiftSuppression(Schema):
    """The reason why an address gets mail again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: LiftReason = Field(
        description="why it gets mail again; stored and logged, so without addresses (no @)"
    )


class SuppressionActView(Schema):
    """An operator's action on a suppression."""

    model_config = ConfigDict(from_attributes=True)

    act: str
    by: str
    at: datetime
    reason: str | None


class SuppressionView(Schema):
    """An address that gets no more messages; its owner cannot be identified from it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(description="a keyed hash of the address")
    channel: str
    reason: str
    created_at: datetime
    lifted_at: datetime | None
    acts: list[SuppressionActView]
