"""Check what a campaign refers to, and convert it to its stored form."""

from collections.abc import Mapping
from string import ascii_lowercase
from typing import Final

from tidings.campaigns.calendar import ScheduleKind
from tidings.campaigns.errors import (
    ExperimentOfWeekly,
    UnknownMailedCampaign,
    UnknownTemplate,
    VariableMissing,
)
from tidings.campaigns.models import (
    AudienceMailResponse,
    Campaign,
    CampaignAudience,
    CampaignExperiment,
    CampaignVariant,
)
from tidings.campaigns.schemas import AudienceInput, ExperimentInput
from tidings.campaigns.states import WinnerRule
from tidings.campaigns.vouchers import VOUCHER_CODE
from tidings.templates.current import carries_code
from tidings.templates.errors import CodeTemplate, TemplateNotFound
from tidings.templates.queries import template_view
from tidings.templates.values import ALWAYS_KNOWN

DEFAULT_WAIT_HOURS: Final = 24


def check_template(campaign: Campaign) -> None:
    """Check that the template exists and gets all its variables from the campaign.

    Raises:
        UnknownTemplate: the template does not exist.
        CodeTemplate: the template contains a one-time code.
        VariableMissing: the template needs another variable.
    """
    code = {VOUCHER_CODE: ""} if campaign.voucher_id else {}
    given = {**campaign.told_to_all(), **code}
    _check(campaign.template_code, given)
    for variant in campaign.experiment.variants if campaign.experiment else ():
        _check(variant.template_code or campaign.template_code, given | variant.variables)


def check_experiment(campaign: Campaign) -> None:
    """Check that a campaign's schedule allows its experiment.

    Raises:
        ExperimentOfWeekly: it is sent every week.
    """
    if campaign.experiment and campaign.schedule.kind == ScheduleKind.WEEKLY.value:
        raise ExperimentOfWeekly


def experiment_of(given: ExperimentInput | None) -> CampaignExperiment | None:
    """Return an experiment in its stored form."""
    if given is None:
        return None
    by_operator = given.decide_by is WinnerRule.OPERATOR
    return CampaignExperiment(
        variants=[
            CampaignVariant(key=key, **each.model_dump())
            for key, each in zip(ascii_lowercase, given.variants, strict=False)
        ],
        share_percent=given.share_percent,
        decide_by=given.decide_by.value,
        wait_hours=None if by_operator else given.wait_hours or DEFAULT_WAIT_HOURS,
    )


def _check(template_code: str, given: Mapping[str, str]) -> None:
    try:
        template = template_view(template_code)
    except TemplateNotFound:
        raise UnknownTemplate from None
    if carries_code(template_code):
        raise CodeTemplate
    for name in set(template.required_variables) - set(given) - ALWAYS_KNOWN:
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
