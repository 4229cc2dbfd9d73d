"""GET /api/v1/monitoring/audit/export: the audit trail as JSON lines, oldest first."""

from tidings.monitoring.audit import export_audit_trail
from tidings.monitoring.audit_schemas import AuditLines, ExportAuditTrail
from tidings.platform.entry.answers import Reply
from tidings.platform.entry.rest import rest


def _reply(found: AuditLines) -> Reply:
    following = {"X-Next-After": found.next_after} if found.next_after else {}
    return Reply(found.lines, headers=following)


handler = rest(
    export_audit_trail, query=ExportAuditTrail, media_type="application/x-ndjson", reply=_reply
)
