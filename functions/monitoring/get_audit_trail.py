"""GET /api/v1/monitoring/audit: what operators, administrators, services and commands did."""

from tidings.monitoring.audit import get_audit_trail
from tidings.monitoring.audit_schemas import GetAuditTrail
from tidings.platform.entry.rest import rest

handler = rest(get_audit_trail, query=GetAuditTrail)
