"""POST /api/v1/templates: add a template."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.templates.errors import BadVariable, TemplateExists, TemplateRefused
from tidings.templates.operations import create_template
from tidings.templates.schemas import CreateTemplate, TemplateView


@endpoint(
    role=Role.OPERATOR,
    body=CreateTemplate,
    returns=TemplateView,
    status=201,
    refusals=(TemplateExists, TemplateRefused, BadVariable),
)
def handler(request: Request[CreateTemplate]) -> Reply:
    created = create_template(request.body, caller=request.caller)
    return Reply(created, message="The template can be used.")
