"""POST /api/v1/templates: create a template."""

from tidings.platform.entry.rest import rest
from tidings.templates.operations import create_template

handler = rest(create_template, status=201, message="The template can be used.")
