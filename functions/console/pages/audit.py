"""The audit trail, for administrators: search, and export as JSON lines."""

import json
from collections.abc import Iterator
from typing import Any, Final

from tidings.monitoring.audit import export_audit_trail, get_audit_trail
from tidings.monitoring.audit_schemas import (
    MAX_EXPORTED,
    AuditEntryView,
    AuditFilter,
    ExportAuditTrail,
)
from tidings.platform.auditing.entries import AuditOutcome
from tidings.platform.inputs.parsing import parsed
from tidings.platform.storage.pagination import PageRequest
from web.views import File, View
from web.visits import Visit

FILTERS: Final = ("operation", "actor_id", "target_id", "correlation_id", "outcome")
OUTCOMES: Final = tuple(each.value for each in AuditOutcome)
KINDS: Final = {"ok": "good", "refused": "wait", "failed": "bad", "begun": "off"}
# Targets that have a page of their own.
PAGES: Final = {"failed_message": "failed-messages"}
PER_PAGE: Final = 25
MAX_TARGETS: Final = 5


def show(visit: Visit) -> View:
    """Return the list, newest first."""
    asked = _asked(visit)
    page = get_audit_trail(
        parsed(PageRequest, {"limit": PER_PAGE, "after": visit.asked("after") or None}),
        caller=visit.caller,
        wanted=parsed(AuditFilter, asked),
    )
    following = page.cursors[-1] if page.has_next else None
    values = {
        "entries": page,
        "asked": asked,
        "outcomes": OUTCOMES,
        "kinds": KINDS,
        "pages": PAGES,
        "shown": MAX_TARGETS,
        "changes_of": changes_of,
        "first": visit.link("audit", **asked),
        "following": following and visit.link("audit", **asked, after=following),
        "export": visit.link("audit/export", **asked),
        "most": MAX_EXPORTED,
    }
    return View("audit.html", visit.texts("audit.title"), values)


def export(visit: Visit) -> File:
    """Return the entries of the same search as JSON lines, oldest first."""
    wanted = parsed(ExportAuditTrail, {**_asked(visit), "limit": MAX_EXPORTED})
    lines = export_audit_trail(wanted, caller=visit.caller).lines
    return File(lines, "application/x-ndjson", name="audit.jsonl")


def changes_of(entry: AuditEntryView) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield the changed fields with their values before and after the act."""
    for name in [*entry.before, *(each for each in entry.after if each not in entry.before)]:
        yield name, _shown(entry.before.get(name)), _shown(entry.after.get(name))


def _shown(value: Any) -> str | None:
    """Return a value as text; None if there is nothing to show."""
    if value is None or value == []:
        return None
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)


def _asked(visit: Visit) -> dict[str, str]:
    return {name: value for name in FILTERS if (value := visit.asked(name))}
