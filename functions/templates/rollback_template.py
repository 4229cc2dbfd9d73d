"""POST /api/v1/templates/{template_code}/rollback: restore an earlier version's content."""

from tidings.platform.entry.rest import rest
from tidings.templates.operations import rollback_template

handler = rest(rollback_template)
