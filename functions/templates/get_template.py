"""GET /api/v1/templates/{template_code}: a template, and its history."""

from tidings.platform.entry.rest import rest
from tidings.templates.queries import get_template
from tidings.templates.schemas import GetTemplate

handler = rest(get_template, query=GetTemplate)
