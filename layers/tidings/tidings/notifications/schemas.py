"""Typed input and output of the notifications' operations."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tidings.notifications.models import Priority
from tidings.platform.flags import Flag
from tidings.platform.pagination import PageRequest
from tidings.platform.times import Time
from tidings.templates.errors import BadVariable
from tidings.templates.schemas import Code as TemplateCode
from tidings.templates.schemas import Variables

VARIABLE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")
INPUT: Final = ConfigDict(extra="forbid", frozen=True)

# E.g. `order.confirmed` and `orders`; see rules.py.
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,63}$")]
Category = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,31}$")]
# Printable ASCII, as in HTTP headers and AMQP properties.
RequestId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]


def _plainly_named(variables: dict[str, Any]) -> dict[str, Any]:
    for name in variables:
        if not VARIABLE_NAME.fullmatch(name):
            raise BadVariable(f"No variable is called {name[:50]}.", field="variables")
    return variables


NamedVariables = Annotated[Variables, AfterValidator(_plainly_named)]
_MetadataName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_MetadataText = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Metadata = Annotated[dict[_MetadataName, _MetadataText], Field(max_length=20)]


class NotificationView(BaseModel):
    """A notification as its reader sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    user_id: str
    kind: str
    category: str
    title: str
    body: str
    subject_id: str = Field(description="id of what it is about, e.g. the order")
    correlation_id: str | None
    created_at: datetime
    read_at: datetime | None
    archived_at: datetime | None


class InboxFilter(BaseModel):
    """Which notifications of an inbox; all that is said must hold."""

    model_config = ConfigDict(frozen=True)

    kind: Kind | None = Field(default=None, description="e.g. order.confirmed")
    category: Category | None = Field(default=None, description="e.g. orders")
    archived: Flag = Field(default=False, description="what was archived, rather than the rest")
    unread_only: Flag = Field(default=False, description="what has not been read yet")


class InboxQuery(InboxFilter, PageRequest):
    """Which notifications of an inbox, and which part of their list."""


class MarkAllRead(BaseModel):
    """Until when; what comes in later stays unread."""

    model_config = INPUT

    up_to: Time | None = Field(default=None, description="now, when left out")


class ReadCount(BaseModel):
    """How many were read by one call."""

    read: int = Field(ge=0)
    up_to: datetime
    more: bool = Field(description="there were too many for one call; send it again")


class InboxDeletion(BaseModel):
    """What was taken out of an inbox."""

    id: str


class NotificationType(StrEnum):
    """Where a message is sent."""

    EMAIL = "email"
    PUSH = "push"
    INBOX = "inbox"
    SMS = "sms"
    WEBHOOK = "webhook"


class SendNotification(BaseModel):
    """One message to one person."""

    model_config = INPUT

    notification_type: NotificationType
    user_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
    template_code: TemplateCode
    variables: NamedVariables = Field(default_factory=dict, description="what the template needs")
    request_id: RequestId = Field(
        description="the caller's own: the same request again sends nothing again"
    )
    priority: Priority = Priority.NORMAL
    metadata: Metadata = Field(default_factory=dict, description="kept with it; its status has it")
    send_at: Time | None = Field(
        default=None, description="at most 90 days ahead, with its offset; now when left out"
    )


class AcceptedNotification(BaseModel):
    """It was taken on; its status says what became of it."""

    id: str
    request_id: str
    status: Literal["accepted"] = "accepted"
