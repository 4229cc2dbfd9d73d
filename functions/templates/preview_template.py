"""POST /api/v1/templates/{template_code}/preview: a message as it would be sent."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.templates.errors import BadVariable, RenderingFailed, TemplateNotFound
from tidings.templates.queries import preview_template
from tidings.templates.schemas import PreviewTemplate, TemplatePreview


@endpoint(
    role=Role.OPERATOR,
    body=PreviewTemplate,
    returns=TemplatePreview,
    refusals=(TemplateNotFound, RenderingFailed, BadVariable),
)
def handler(request: Request[PreviewTemplate]) -> Reply:
    return Reply(preview_template(request.path["template_code"], request.body))
