"""GET /api/v1/templates/{template_code}: a template, and its history."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.templates.errors import TemplateNotFound
from tidings.templates.queries import get_template
from tidings.templates.schemas import GetTemplate, TemplateView


@endpoint(role=Role.OPERATOR, query=GetTemplate, returns=TemplateView, refusals=(TemplateNotFound,))
def handler(request: Request[None, GetTemplate]) -> Reply:
    return Reply(get_template(request.path["template_code"], version=request.query.version))
