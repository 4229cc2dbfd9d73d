"""Input and output models of delivery."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints

from tidings.delivery.outgoing import VALUE, ChannelName
from tidings.platform.inputs.flags import Flag
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.visible_text import VisibleLine
from tidings.users.preferences import Category

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


class ClickedLinkView(Schema):
    """A link of a mail that its reader clicked."""

    model_config = ConfigDict(from_attributes=True)

    url: str
    first_at: datetime
    count: int


class MailResponseView(Schema):
    """What a person who agreed to it did with a campaign's mail."""

    notification_id: str
    campaign_id: str
    mailed_at: datetime
    opened_at: datetime | None
    opens: int
    clicked_at: datetime | None
    links: list[ClickedLinkView]

    @classmethod
    def of(cls, stored: Any) -> Self:
        """Return the view of a stored response."""
        names = ("campaign_id", "mailed_at", "opened_at", "opens", "clicked_at")
        links = [ClickedLinkView.model_validate(each) for each in stored.links.values()]
        values = {name: getattr(stored, name) for name in names}
        return cls(notification_id=stored.id, links=links, **values)


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
