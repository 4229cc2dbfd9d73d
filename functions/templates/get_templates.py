"""GET /api/v1/templates: the templates, by their codes."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.templates.queries import get_templates
from tidings.templates.schemas import GetTemplates, TemplateSummary


@endpoint(role=Role.OPERATOR, query=GetTemplates, returns=list[TemplateSummary])
def handler(request: Request[None, GetTemplates]) -> Reply:
    return Reply.of_page(get_templates(request.query))
