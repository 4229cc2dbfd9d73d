"""Copy a campaign: the way to send it again, or to send a similar one."""

from typing import Final

from tidings.campaigns.checking import check_template
from tidings.campaigns.errors import CampaignNotFound, UnknownTemplate, VariableMissing
from tidings.campaigns.models import Campaign
from tidings.campaigns.schemas import MAX_NAME, CampaignView, CopyCampaign
from tidings.campaigns.states import CampaignState
from tidings.campaigns.steps import find_campaign, step_to
from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.text.cuts import ELLIPSIS, cut
from tidings.platform.timing.clock import now

# What an operator decided about a campaign. All other fields belong to its life: state, runs,
# edits, numbers.
COPIED_FIELDS: Final = (
    *("template_code", "variables", "voucher", "voucher_id", "audience", "schedule", "experiment"),
)


@operation(role=Role.OPERATOR, refuses=(CampaignNotFound, UnknownTemplate, VariableMissing))
def copy_campaign(campaign_id: str, wanted: CopyCampaign, *, caller: Principal) -> CampaignView:
    """Create a draft with the content, audience and schedule of a campaign in any state.

    Raises:
        CampaignNotFound: the campaign does not exist.
        UnknownTemplate: its template was deleted.
        CodeTemplate: its template contains a one-time code now.
        VariableMissing: its template needs another variable now.
    """
    original = find_campaign(campaign_id)
    drafted = step_to(CampaignState.DRAFT, now(), caller.user_id)
    copy = Campaign(
        name=wanted.name or name_of_copy(original.name),
        state=drafted["set__state"],
        history=[drafted["push__history"]],
        **{name: getattr(original, name) for name in COPIED_FIELDS},
    )
    check_template(copy)
    copy.save(force_insert=True)
    acts.changed(after={"state": copy.state, "template_code": copy.template_code})
    logger.info("campaign copied", campaign_id=copy.id, copied_from=original.id)
    return CampaignView.model_validate(copy)


def name_of_copy(name: str) -> str:
    """Return the default name of a campaign's copy."""
    return cut(f"Copy of {name}", MAX_NAME, ellipsis=ELLIPSIS)
