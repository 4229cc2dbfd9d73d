"""Input and output of `find_person`."""

from datetime import datetime
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from tidings.delivery.schemas import SuppressionView
from tidings.monitoring.errors import PersonNotNamed
from tidings.monitoring.explaining.schemas import (
    ChannelOutcome,
    ExplainedNotification,
    ExplanationNote,
)
from tidings.monitoring.models import FailedState
from tidings.monitoring.trying.schemas import TemplateFault
from tidings.orders.states import OrderState
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.schema import Schema
from tidings.platform.security.auth import PersonRole
from tidings.platform.text.addresses import Email
from tidings.users.phones import Phone
from tidings.users.preferences import Preferences


class FindPerson(Schema):
    """What the operator knows of the person: exactly one of these."""

    # An error must not quote an address.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: DocumentId | None = Field(default=None, description="the id of the account")
    email: Email | None = Field(default=None, description="the whole address")
    phone: Phone | None = Field(default=None, description="the whole number, as +49301234567")

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if sum(each is not None for each in (self.id, self.email, self.phone)) != 1:
            raise PersonNotNamed
        return self


class MessageOutlook(Schema):
    """Whether a kind of message can be rendered for the person, with its current template."""

    kind: str
    category: str
    template_code: str
    version: int
    notification_id: str | None = Field(
        description="the person's latest one, whose values were used; null if the samples were"
    )
    fault: TemplateFault | None = Field(description="why it would fail on every channel")


class CategoryOutlook(Schema):
    """What would become of a usual message of a category now, by channel."""

    category: str
    channels: list[ChannelOutcome]
    messages: list[MessageOutlook] = Field(description="the kinds of messages that were rendered")


class PersonOrder(Schema):
    """An order of the person."""

    id: str
    state: OrderState
    created_at: datetime
    correlation_id: str | None


class PersonFailure(Schema):
    """A failed message about the person."""

    id: str
    queue: str
    type: str | None
    state: FailedState
    error: str = Field(description="the last error; personal parts are masked")
    failed_at: datetime


class FoundPerson(Schema):
    """A person, and what decides whether messages reach the person."""

    id: str
    email: str = Field(description="masked")
    email_verified: bool
    phone: str | None = Field(description="masked")
    phone_verified: bool
    devices: int
    has_webhook: bool
    role: PersonRole
    created_at: datetime
    preferences: Preferences
    suppression: SuppressionView | None = Field(description="why the address gets no mail")
    outlook: list[CategoryOutlook]
    notifications: list[ExplainedNotification] = Field(description="the latest 20")
    orders: list[PersonOrder] = Field(description="the latest 10")
    failed_messages: list[PersonFailure] = Field(description="the latest 10")
    others: list[str] = Field(description="other accounts with this phone number")
    notes: list[ExplanationNote]
