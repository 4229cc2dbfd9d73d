"""PUT /api/v1/templates/{template_code}: store a new version."""

from tidings.platform.entry.rest import rest
from tidings.templates.operations import update_template

handler = rest(update_template)
