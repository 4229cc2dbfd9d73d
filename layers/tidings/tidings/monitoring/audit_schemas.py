"""Input and output models of the audit trail."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, StringConstraints

from tidings.platform.auditing.entries import AuditOutcome
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.visible_text import VisibleLine
from tidings.platform.timing.times import Time

MAX_EXPORTED: Final = 2_000

Line = Annotated[str, VisibleLine(max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,63}$")]


class AuditFilter(Schema):
    """A filter for the audit trail; all conditions must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actor_id: Line | None = Field(
        None, description="the person or service; `aws` for calls with AWS credentials"
    )
    operation: Name | None = Field(None, description="such as `set_user_role`")
    target_id: Line | None = Field(None, description="the id of something that the act concerns")
    correlation_id: Line | None = None
    outcome: AuditOutcome | None = None
    at_from: Time | None = None
    at_before: Time | None = None


class GetAuditTrail(PageRequest, AuditFilter):
    """A filter for the audit trail, and the requested part of the list."""


class ExportAuditTrail(AuditFilter):
    """The part of the audit trail to export, oldest first."""

    limit: int = Field(1_000, ge=1, le=MAX_EXPORTED)
    after: DocumentId | None = Field(None, description="the id of the last entry exported before")


class AuditTargetView(Schema):
    """Something that an act concerns."""

    kind: str
    id: str


class AuditEntryView(Schema):
    """An act of an operator, an administrator, a service or a command."""

    id: str
    at: datetime
    ended_at: datetime | None
    actor_id: str
    actor_role: str
    operation: str
    domain: str
    correlation_id: str | None
    outcome: AuditOutcome
    code: str | None = Field(description="the public code of the error")
    error: str | None = Field(description="its type")
    targets: list[AuditTargetView]
    target_count: int = Field(description="`targets` has at most a hundred of them")
    before: dict[str, Any] = Field(description="changed fields")
    after: dict[str, Any]

    @classmethod
    def of(cls, entry: Any) -> Self:
        return cls(
            id=entry.id,
            at=entry.at,
            ended_at=entry.ended_at,
            actor_id=entry.actor_id,
            actor_role=entry.actor_role,
            operation=entry.operation,
            domain=entry.domain,
            correlation_id=entry.correlation_id,
            outcome=AuditOutcome(entry.outcome),
            code=entry.code,
            error=entry.error,
            targets=[AuditTargetView(kind=each.kind, id=each.id) for each in entry.targets],
            target_count=entry.number or 0,
            before=dict(entry.before),
            after=dict(entry.after),
        )


class AuditLines(Schema):
    """Entries as JSON lines, and the entry after which the next export continues."""

    lines: str
    next_after: str | None
