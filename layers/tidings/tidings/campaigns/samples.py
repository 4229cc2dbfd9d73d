"""What a sample of a campaign's message says: its template, and the variables of all people."""

from tidings.campaigns.errors import UnknownVariant
from tidings.campaigns.models import Campaign
from tidings.campaigns.vouchers import voucher_variables


def message_of(campaign: Campaign, key: str | None) -> tuple[str, dict[str, str]]:
    """Return the template of a campaign's message, or of one of its variants, and its variables.

    Raises:
        UnknownVariant: the campaign has no such variant.
    """
    code, variables = campaign.template_code, campaign.told_to_all()
    voucher = voucher_variables(campaign)
    if key is None:
        return code, {**variables, **voucher}
    variant = campaign.experiment.variant(key) if campaign.experiment else None
    if variant is None:
        raise UnknownVariant
    return variant.template_code or code, {**variables, **variant.variables, **voucher}
