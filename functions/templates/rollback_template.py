"""POST /api/v1/templates/{template_code}/rollback: take an earlier version's content back."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.templates.errors import StaleTemplate, TemplateNotFound
from tidings.templates.operations import rollback_template
from tidings.templates.schemas import RollBackTemplate, TemplateView


@endpoint(
    role=Role.OPERATOR,
    body=RollBackTemplate,
    returns=TemplateView,
    refusals=(TemplateNotFound, StaleTemplate),
)
def handler(request: Request[RollBackTemplate]) -> Reply:
    code = request.path["template_code"]
    return Reply(rollback_template(code, request.body, caller=request.caller))
