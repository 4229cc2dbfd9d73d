"""Messages on their way to a provider, and what providers say to them."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from tidings.platform.context import CORRELATION_ID
from tidings.platform.providers.failures import Tried
from tidings.platform.schema import Schema
from tidings.users.preferences import Category
from tidings.users.push_platforms import PushPlatform

ChannelName = Literal["email", "push", "sms", "webhook"]

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
    # It must not leave, to any address.
    is_simulated: bool = False
    # 1 at the first attempt.
    attempt: int = 1
    # Set if the person agreed that opens and clicks of this mail are recorded.
    campaign_id: str | None = None
    variant: str | None = None


class Receipt(Schema):
    """A provider's acceptance of a message."""

    model_config = ConfigDict(frozen=True)

    provider: str
    provider_message_id: str | None = None
    detail: str | None = None
    # The providers that were tried before it.
    tried: tuple[Tried, ...] = ()
    # True if the provider will not report later whether the message arrived.
    is_final: bool
