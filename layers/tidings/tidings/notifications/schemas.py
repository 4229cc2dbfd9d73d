"""Typed output of the notifications' operations."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class NotificationView(BaseModel):
    """A notification as its reader sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    user_id: str
    kind: str
    title: str
    body: str
    subject_id: str = Field(description="id of what it is about, e.g. the order")
    correlation_id: str | None
    created_at: datetime
    read_at: datetime | None
