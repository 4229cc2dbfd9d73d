"""POST /api/v1/templates/{template_code}/preview: a message as it would be sent."""

from tidings.platform.entry.rest import rest
from tidings.templates.queries import preview_template

handler = rest(preview_template)
