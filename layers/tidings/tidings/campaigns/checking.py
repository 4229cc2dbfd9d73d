"""Check that a campaign's template can be rendered for everyone."""

from tidings.campaigns.errors import UnknownTemplate, VariableMissing
from tidings.campaigns.models import Campaign
from tidings.templates.current import carries_code
from tidings.templates.errors import CodeTemplate, TemplateNotFound
from tidings.templates.queries import template_view
from tidings.templates.values import ALWAYS_KNOWN


def check_template(campaign: Campaign) -> None:
    """Check that the template exists and gets all its variables from the campaign.

    Raises:
        UnknownTemplate: the template does not exist.
        CodeTemplate: the template contains a one-time code.
        VariableMissing: the template needs another variable.
    """
    try:
        template = template_view(campaign.template_code)
    except TemplateNotFound:
        raise UnknownTemplate from None
    if carries_code(campaign.template_code):
        raise CodeTemplate
    for name in set(template.required_variables) - set(campaign.told_to_all()) - ALWAYS_KNOWN:
        raise VariableMissing(name)
