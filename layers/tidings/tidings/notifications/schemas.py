"""Input and output models of the notification operations."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
)

from tidings.delivery.models import Priority
from tidings.platform.errors import TidingsError
from tidings.platform.inputs.flags import Flag
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.inputs.large import LargeBody
from tidings.platform.inputs.parsing import parsed
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.cuts import cut
from tidings.platform.timing.times import Time
from tidings.templates.content import Code as TemplateCode
from tidings.templates.content import Variables
from tidings.templates.errors import BadVariable

VARIABLE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")
INPUT: Final = ConfigDict(extra="forbid", frozen=True)

# E.g. `order.confirmed` and `orders`; see rules.py.
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,63}$")]
Category = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,31}$")]
# Printable ASCII, as in HTTP headers and AMQP properties.
REQUEST_ID: Final = r"^[!-~]{1,128}$"
RequestId = Annotated[str, StringConstraints(pattern=REQUEST_ID)]
# The messages of one bulk request.
MAX_MESSAGES: Final = 1_000


def _plainly_named(variables: dict[str, Any]) -> dict[str, Any]:
    for name in variables:
        if not VARIABLE_NAME.fullmatch(name):
            raise BadVariable(
                f"This is not a valid variable name: {cut(name, 50)}", field="variables"
            )
    return variables


NamedVariables = Annotated[Variables, AfterValidator(_plainly_named)]
_MetadataName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_MetadataText = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Metadata = Annotated[dict[_MetadataName, _MetadataText], Field(max_length=20)]


class NotificationView(Schema):
    """A notification as its recipient sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    user_id: str
    kind: str
    category: str
    title: str
    body: str
    subject_id: str = Field(description="id of its subject, e.g. the order")
    correlation_id: str | None
    created_at: datetime
    read_at: datetime | None
    archived_at: datetime | None
    updated_at: datetime | None = Field(
        default=None, description="when its sender changed its text; null if not"
    )


class InboxFilter(Schema):
    """A filter for an inbox; all conditions must hold."""

    model_config = ConfigDict(frozen=True)

    kind: Kind | None = Field(default=None, description="e.g. order.confirmed")
    category: Category | None = Field(default=None, description="e.g. orders")
    archived: Flag = Field(default=False, description="only archived ones, or only the others")
    unread_only: Flag = Field(default=False, description="only unread ones")


class InboxQuery(InboxFilter, PageRequest):
    """A filter for an inbox, and the requested part of the list."""


class MarkAllRead(Schema):
    """The time up to which notifications are marked; later ones stay unread."""

    model_config = INPUT

    up_to: Time | None = Field(default=None, description="the default is now")


class ReadCount(Schema):
    """The number of notifications that one call marked as read."""

    read: int = Field(ge=0)
    up_to: datetime
    more: bool = Field(description="true if more are unread; repeat the call")


class InboxDeletion(Schema):
    """The notification that was removed from an inbox."""

    id: str


class NotificationType(StrEnum):
    """The channel of a message."""

    EMAIL = "email"
    PUSH = "push"
    INBOX = "inbox"
    SMS = "sms"
    WEBHOOK = "webhook"


def _from_number(value: object) -> object:
    """Read a number as JMS does: 0 to 4 are normal, 5 to 9 are expedited."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if not 0 <= value <= 9:
        raise ValueError("send normal, urgent, or a number from 0 (lowest) to 9")
    return Priority.NORMAL if value < 5 else Priority.URGENT


PriorityOrNumber = Annotated[
    Priority,
    BeforeValidator(
        _from_number, json_schema_input_type=Priority | Annotated[int, Field(ge=0, le=9)]
    ),
]


class SendNotification(Schema):
    """One message to one person."""

    model_config = INPUT

    notification_type: NotificationType
    user_id: DocumentId
    template_code: TemplateCode
    variables: NamedVariables = Field(default_factory=dict, description="variables of the template")
    request_id: RequestId = Field(
        description="an id that the caller chooses: a repeated request sends nothing"
    )
    priority: PriorityOrNumber = Field(
        default=Priority.NORMAL, description="or a number: 0 to 4 are normal, 5 to 9 urgent"
    )
    metadata: Metadata = Field(default_factory=dict, description="data that its status returns")
    send_at: Time | None = Field(
        default=None, description="at most 90 days ahead, with an offset; the default is now"
    )


class UpdateNotification(Schema):
    """The new text of a notification that was sent: its template with these variables."""

    model_config = INPUT

    revision: int = Field(
        ge=1,
        le=2**31 - 1,
        strict=True,
        description="the sender's number of this text; one below the last is ignored",
    )
    variables: NamedVariables = Field(description="all variables of the template")
    metadata: Metadata | None = Field(
        default=None, description="data that its status returns; unchanged by default"
    )


class MalformedMessage(NamedTuple):
    """A message of a bulk request that does not fit `SendNotification`."""

    request_id: str | None
    error: TidingsError


def _by_itself(content: object) -> SendNotification | MalformedMessage:
    """Return a message, or the reason why it is malformed: the other ones are sent."""
    try:
        return parsed(SendNotification, content)
    except TidingsError as error:
        known = content.get("request_id") if isinstance(content, dict) else None
        is_valid = isinstance(known, str) and re.fullmatch(REQUEST_ID, known)
        return MalformedMessage(known if is_valid else None, error)


MessageOrFault = Annotated[
    SendNotification | MalformedMessage,
    # Anything is accepted; what is no message has a refusal as its answer.
    PlainValidator(_by_itself, json_schema_input_type=SendNotification | Any),
]


class SendNotifications(LargeBody):
    """At most 1,000 messages; each has an answer of its own."""

    model_config = INPUT
    max_bytes: ClassVar[int] = 2 * 1024 * 1024

    notifications: Annotated[
        tuple[MessageOrFault, ...], Field(min_length=1, max_length=MAX_MESSAGES)
    ]


class AcceptedNotification(Schema):
    """The notification was accepted; its status tells the result of each delivery."""

    id: str
    request_id: str
    status: Literal["accepted"] = "accepted"


class RefusalDetail(Schema):
    """One place of a refused message."""

    field: str
    message: str


class MessageRefusal(Schema):
    """Why a message is refused: the error that it has when it is sent by itself."""

    code: str
    message: str
    details: list[RefusalDetail] = Field(description="the fields, if the reason has some")
    retry_after: int | None = Field(
        description="the number of seconds after which it may be sent again, if time helps"
    )


class MessageAnswer(Schema):
    """The answer to one message of a bulk request."""

    status: Literal["accepted", "refused"]
    id: str | None = Field(description="the notification's id; null if it is refused")
    request_id: str | None = Field(description="the message's own; null if that is malformed")
    error: MessageRefusal | None = Field(description="null if it is accepted")


class SentNotifications(Schema):
    """The answers to the messages of a bulk request, in their order."""

    accepted: int
    refused: int
    answers: list[MessageAnswer]
