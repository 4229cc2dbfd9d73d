"""Search and export the audit trail. It is for administrators: it shows what each operator did."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from tidings.monitoring.audit_schemas import (
    AuditEntryView,
    AuditFilter,
    AuditLines,
    ExportAuditTrail,
)
from tidings.platform import acts
from tidings.platform.auditing.entries import AuditEntry
from tidings.platform.auditing.recording import Recording
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.storage.rows import rows
from tidings.platform.timing.clock import first_id

# Lambda's limit for an answer is 6 MB, and JSON escapes the quotes of the lines.
MAX_BYTES: Final = 3_000_000
# An entry gets its id and its time in the same call.
WRITTEN_WITHIN: Final = timedelta(seconds=5)


@operation(role=Role.ADMIN, writes=False)
def get_audit_trail(
    page: PageRequest, *, caller: Principal, wanted: AuditFilter | None = None
) -> Page[AuditEntryView]:
    """Return a page of the acts of operators, administrators, services and commands, newest first.

    Raises:
        UnknownCursor: the cursor is not valid for this list.
    """
    require(caller, Role.ADMIN)
    return paginate(_found(wanted), page).map(AuditEntryView.of)


@operation(role=Role.ADMIN, writes=False, recording=Recording.ENDED)
def export_audit_trail(wanted: ExportAuditTrail, *, caller: Principal) -> AuditLines:
    """Return a part of the audit trail as JSON lines, oldest first.

    An entry that has no end yet is `begun`; it may get its end after the export.
    """
    require(caller, Role.ADMIN)
    return exported(wanted)


def exported(wanted: ExportAuditTrail) -> AuditLines:
    """Return entries as JSON lines: up to a number, and as many as fit into an answer."""
    found = _found(wanted)
    if wanted.after is not None:
        found = found.filter(pk__gt=wanted.after)
    lines: list[str] = []
    size, last, is_complete = 0, None, True
    for entry in rows(found.order_by("pk").limit(wanted.limit + 1)):
        line = AuditEntryView.of(entry).model_dump_json(exclude_none=True) + "\n"
        size += len(line.encode())
        if len(lines) == wanted.limit or size > MAX_BYTES:
            is_complete = False
            break
        lines.append(line)
        last = entry.id
    acts.changed(after={"entries": len(lines)})
    return AuditLines(lines="".join(lines), next_after=None if is_complete else last)


def _found(wanted: AuditFilter | None) -> Any:
    return AuditEntry.objects(**(dict(_conditions(wanted)) if wanted else {}))


def _conditions(wanted: AuditFilter) -> Iterator[tuple[str, Any]]:
    for name in ("actor_id", "operation", "correlation_id"):
        if (value := getattr(wanted, name)) is not None:
            yield name, value
    if wanted.target_id is not None:
        yield "targets__id", wanted.target_id
    if wanted.outcome is not None:
        yield "outcome", wanted.outcome.value
    if wanted.at_from is not None:
        yield "at__gte", wanted.at_from
        yield "pk__gte", first_id(wanted.at_from - WRITTEN_WITHIN)
    if wanted.at_before is not None:
        yield "at__lt", wanted.at_before
        yield "pk__lt", first_id(wanted.at_before + WRITTEN_WITHIN)
