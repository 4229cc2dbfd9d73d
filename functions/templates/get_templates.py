"""GET /api/v1/templates: the templates, sorted by code."""

from tidings.platform.entry.rest import rest
from tidings.templates.queries import get_templates
from tidings.templates.schemas import GetTemplates

handler = rest(get_templates, query=GetTemplates)
