"""A campaign that names a voucher tells each person a code."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.builders import Queues, a_product, a_reader
from tests.integration.campaigns.builders import (
    OPERATOR,
    a_campaign,
    begun,
    customers,
    drafted,
    state_of,
    work_off,
)
from tests.integration.vouchers.builders import a_voucher, an_edit, order_with, uses_of
from tidings.campaigns.copying import copy_campaign
from tidings.campaigns.errors import UnknownVoucher, VoucherForOne, VoucherOver
from tidings.campaigns.expanding import expand_campaign
from tidings.campaigns.models import Campaign
from tidings.campaigns.operations import edit_campaign, start_campaign, stop_campaign
from tidings.campaigns.queries import preview_campaign
from tidings.campaigns.schemas import CopyCampaign, EditCampaign
from tidings.campaigns.states import CampaignState
from tidings.delivery.models import Notification
from tidings.platform.errors import RuleRefused
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id, now
from tidings.templates.operations import create_template
from tidings.templates.schemas import CreateTemplate
from tidings.vouchers.errors import VoucherUnknown
from tidings.vouchers.schemas import VoucherView


def codes_told(campaign_id: str) -> dict[str, str]:
    found = Notification.objects(campaign_id=campaign_id)
    return {each.user_id: each.variables["voucher_code"] for each in found}


def as_person(user_id: str) -> Principal:
    return Principal(user_id=user_id, role=Role.CUSTOMER)


def edited(campaign_id: str, **values: Any) -> Any:
    campaign = Campaign.objects.get(pk=campaign_id)
    change = EditCampaign.model_validate({"version": campaign.version, **values})
    return edit_campaign(campaign_id, change, caller=OPERATOR)


def test_each_person_is_told_a_code_of_their_own(queues: Queues) -> None:
    ada, bob = customers(2)
    voucher = a_voucher(code="SPRING-10", reach="campaign", amount=100)
    campaign = begun(voucher_id=voucher.id)
    work_off(queues)
    codes = codes_told(campaign.id)
    assert codes.keys() == {ada, bob}
    assert len(set(codes.values())) == 2
    told = Notification.objects.get(campaign_id=campaign.id, user_id=ada)
    assert f"Your voucher: {codes[ada]}" in told.body

    product = a_product(price=990)
    assert order_with(codes[ada], product, customer=as_person(ada)).total.amount == 890
    with pytest.raises(VoucherUnknown):
        order_with(codes[ada], product, customer=as_person(bob))
    assert uses_of(voucher) == (1, 100)


def test_repeated_chunks_tell_the_same_codes(queues: Queues) -> None:
    customers(3)
    campaign = begun(voucher_id=a_voucher(reach="campaign").id)
    work_off(queues, times=2)
    first = codes_told(campaign.id)
    assert len(first) == 3
    # As if the process had died before its notifications were stored.
    Notification.objects(campaign_id=campaign.id).delete()
    Campaign.objects(pk=campaign.id).update_one(
        set__state="running", unset__run__finished_at=True, unset__run__cursor=True
    )
    expand_campaign(campaign.id, Campaign.objects.get(pk=campaign.id).run.id)
    assert codes_told(campaign.id) == first


def test_voucher_for_anyone_is_told_by_its_code(queues: Queues) -> None:
    (ada,) = customers(1)
    voucher = a_voucher()
    campaign = begun(voucher_id=voucher.id)
    work_off(queues)
    assert codes_told(campaign.id) == {ada: voucher.code}


def test_codes_stay_valid_when_the_campaign_is_stopped_until_the_voucher_ends(
    queues: Queues,
) -> None:
    (ada,) = customers(1)
    voucher = a_voucher(reach="campaign", customer_limit=None)
    campaign = begun(voucher_id=voucher.id, schedule={"kind": "weekly"})
    work_off(queues)
    stop_campaign(campaign.id, caller=OPERATOR)
    code, product = codes_told(campaign.id)[ada], a_product()
    assert order_with(code, product, customer=as_person(ada)).discount.amount == 99
    an_edit(voucher, ended=True)
    with pytest.raises(RuleRefused, match="no longer valid"):
        order_with(code, product, customer=as_person(ada))


def personal() -> VoucherView:
    return a_voucher(reach="customer", customer_id=a_reader().user_id)


def test_voucher_must_exist_and_be_for_many() -> None:
    draft = drafted()
    for voucher_id, error in ((new_id(), UnknownVoucher), (personal().id, VoucherForOne)):
        with pytest.raises(error) as refused:
            drafted(voucher_id=voucher_id)
        assert refused.value.field == "voucher_id"
        with pytest.raises(error):
            edited(draft.id, voucher_id=voucher_id)
    assert Campaign.objects.count() == 1


def test_campaign_does_not_start_with_a_voucher_that_is_over_then() -> None:
    ended = an_edit(a_voucher(reach="campaign"), ended=True)
    expired = a_voucher(valid_until=now() + timedelta(minutes=1))
    for voucher in (ended, expired):
        draft = drafted(voucher_id=voucher.id)
        with pytest.raises(VoucherOver):
            start_campaign(draft.id, caller=OPERATOR)
        assert state_of(draft.id) == "draft"


def test_scheduled_campaign_is_not_given_a_voucher_that_is_over_then() -> None:
    campaign = a_campaign(CampaignState.SCHEDULED)
    with pytest.raises(VoucherOver):
        edited(campaign.id, voucher_id=an_edit(a_voucher(), ended=True).id)
    voucher = a_voucher(valid_until=now() + timedelta(days=40))
    assert edited(campaign.id, voucher_id=voucher.id).voucher_id == voucher.id
    later = {"kind": "at", "at": (now() + timedelta(days=50)).isoformat()}
    with pytest.raises(VoucherOver):
        edited(campaign.id, schedule=later)
    assert edited(campaign.id, voucher_id=None, schedule=later).voucher_id is None


def test_copy_has_the_voucher() -> None:
    draft = drafted(voucher_id=a_voucher(reach="campaign").id)
    copy = copy_campaign(draft.id, CopyCampaign.model_validate({}), caller=OPERATOR)
    assert copy.voucher_id == draft.voucher_id


def test_preview_shows_a_sample_of_a_code() -> None:
    voucher = a_voucher(code="SPRING-10", reach="campaign")
    preview = preview_campaign(drafted(voucher_id=voucher.id).id, caller=OPERATOR)
    assert "Your voucher: SPRING-10-SAMPLE" in (preview.sample.inbox_body or "")
    with pytest.raises(VoucherUnknown):
        order_with("SPRING-10-SAMPLE", a_product())


def test_text_of_a_voucher_is_told_as_before() -> None:
    preview = preview_campaign(drafted(voucher="W-10").id, caller=OPERATOR)
    assert "Your voucher: W-10" in (preview.sample.inbox_body or "")


def test_template_that_needs_a_code_needs_a_campaign_with_a_voucher(queues: Queues) -> None:
    template = {
        "code": "thanks",
        "category": "promotions",
        "required_variables": ["voucher_code"],
        "sample_variables": {"voucher_code": "SPRING-10"},
        "variants": [{"language": "en", "inbox": {"title": "T", "body": "{{ voucher_code }}"}}],
    }
    create_template(CreateTemplate.model_validate(template), caller=OPERATOR)
    with pytest.raises(RuleRefused, match="needs the variable voucher_code"):
        drafted(template_code="thanks")
    (ada,) = customers(1)
    campaign = begun(template_code="thanks", voucher_id=a_voucher(reach="campaign").id)
    work_off(queues)
    assert Notification.objects.get(user_id=ada).body == codes_told(campaign.id)[ada]
