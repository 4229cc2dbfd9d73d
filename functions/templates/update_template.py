"""PUT /api/v1/templates/{template_code}: make a new version."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.templates.errors import (
    BadVariable,
    StaleTemplate,
    TemplateNotFound,
    TemplateRefused,
)
from tidings.templates.operations import update_template
from tidings.templates.schemas import TemplateView, UpdateTemplate


@endpoint(
    role=Role.OPERATOR,
    body=UpdateTemplate,
    returns=TemplateView,
    refusals=(TemplateNotFound, StaleTemplate, TemplateRefused, BadVariable),
)
def handler(request: Request[UpdateTemplate]) -> Reply:
    code = request.path["template_code"]
    return Reply(update_template(code, request.body, caller=request.caller))
