"""Check what a campaign refers to, and convert it to its stored form."""

from tidings.campaigns.errors import UnknownMailedCampaign, UnknownTemplate, VariableMissing
from tidings.campaigns.models import AudienceMailResponse, Campaign, CampaignAudience
from tidings.campaigns.schemas import AudienceInput
from tidings.campaigns.vouchers import VOUCHER_CODE
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
    given = {*campaign.told_to_all(), *({VOUCHER_CODE} if campaign.voucher_id else ())}
    for name in set(template.required_variables) - given - ALWAYS_KNOWN:
        raise VariableMissing(name)


def audience_of(given: AudienceInput) -> CampaignAudience:
    """Return an audience in its stored form.

    Raises:
        UnknownMailedCampaign: the campaign whose mails it names does not exist.
    """
    values = given.model_dump(mode="json", exclude={"mail_response"})
    if (wanted := given.mail_response) is None:
        return CampaignAudience(**values)
    if Campaign.objects(pk=wanted.campaign_id).only("id").first() is None:
        raise UnknownMailedCampaign
    return CampaignAudience(
        **values, mail_response=AudienceMailResponse(**wanted.model_dump(mode="json"))
    )
