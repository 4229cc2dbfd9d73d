"""Audiences of people who opened or clicked a campaign's mail, and the numbers of that."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tests.integration.builders import Queues
from tests.integration.campaigns.builders import (
    OPERATOR,
    a_campaign,
    begun,
    customers,
    drafted,
    edited,
    someone,
    told,
    work_off,
)
from tidings.campaigns import audiences
from tidings.campaigns.audiences import chunk_after, size_of
from tidings.campaigns.copying import copy_campaign
from tidings.campaigns.errors import UnknownMailedCampaign
from tidings.campaigns.models import AudienceMailResponse, CampaignAudience
from tidings.campaigns.queries import get_campaign
from tidings.campaigns.schemas import AudienceInput, CopyCampaign
from tidings.delivery.models import MailResponse
from tidings.platform.timing.clock import new_id, now
from tidings.users.models import User

KINDS = ("opened", "clicked", "not_opened")


def agreeing(count: int = 1) -> list[str]:
    return sorted(customers(count, tracking=True))


def mailed(
    user_id: str,
    campaign_id: str,
    *,
    days_ago: int = 1,
    opened: bool = False,
    clicked: bool = False,
) -> None:
    """Store that a campaign's mail was sent to a person, and what the person did with it."""
    at = now() - timedelta(days=days_ago)
    MailResponse(
        id=new_id(),
        user_id=user_id,
        campaign_id=campaign_id,
        mailed_at=at,
        opened_at=now() if opened or clicked else None,
        clicked_at=now() if clicked else None,
        expires_at=at + timedelta(days=180),
    ).save()


def meant(campaign_id: str, response: str, within_days: int = 180, **more: Any) -> list[str]:
    audience = CampaignAudience(
        mail_response=AudienceMailResponse(
            campaign_id=campaign_id, response=response, within_days=within_days
        ),
        **more,
    )
    chunk = chunk_after(audience, None, now(), 3)
    found = list(chunk.user_ids)
    while chunk.last_id is not None:
        chunk = chunk_after(audience, chunk.last_id, now(), 3)
        found += chunk.user_ids
    assert size_of(audience, now(), seconds=60) == (len(found), True)
    return found


def test_people_are_selected_by_what_they_did() -> None:
    opened, clicked, neither, _ = agreeing(4)
    campaign_id = new_id()
    mailed(opened, campaign_id, opened=True)
    mailed(clicked, campaign_id, clicked=True)
    mailed(neither, campaign_id)
    assert meant(campaign_id, "opened") == sorted([opened, clicked])
    assert meant(campaign_id, "clicked") == [clicked]
    assert meant(campaign_id, "not_opened") == [neither]
    assert meant(new_id(), "opened") == []


def test_only_people_who_still_agree_and_have_an_account_are_selected() -> None:
    agrees, withdrew, gone = agreeing(3)
    campaign_id = new_id()
    for each in (agrees, withdrew, gone, someone().user_id):
        mailed(each, campaign_id)
    User.objects(pk=withdrew).update_one(set__preferences__tracking=False)
    User.objects(pk=gone).update_one(set__deleted_at=now())
    assert meant(campaign_id, "not_opened") == [agrees]


def test_only_mails_of_the_last_days_count() -> None:
    lately, long_ago, both = agreeing(3)
    campaign_id = new_id()
    mailed(lately, campaign_id, days_ago=2, opened=True)
    mailed(long_ago, campaign_id, days_ago=9, opened=True)
    mailed(both, campaign_id, days_ago=9, opened=True)
    mailed(both, campaign_id, days_ago=2)
    assert meant(campaign_id, "opened", 7) == [lately]
    assert meant(campaign_id, "not_opened", 7) == [both]
    assert meant(campaign_id, "opened", 30) == sorted([lately, long_ago, both])
    assert meant(campaign_id, "not_opened", 30) == []


def test_each_person_is_selected_once_over_chunks_that_end_between_their_mails() -> None:
    people = agreeing(7)
    campaign_id = new_id()
    for person in people:
        for days in (1, 8):  # a weekly campaign
            mailed(person, campaign_id, days_ago=days, opened=days == 8)
    assert meant(campaign_id, "opened") == people
    assert meant(campaign_id, "not_opened") == []


def test_other_conditions_hold_too() -> None:
    german, english = agreeing(2)
    User.objects(pk=german).update_one(set__preferences__language="de")
    campaign_id = new_id()
    mailed(german, campaign_id, opened=True)
    mailed(english, campaign_id, opened=True)
    assert meant(campaign_id, "opened", language="de") == [german]
    assert meant(campaign_id, "opened", inactive_days=30) == sorted([german, english])


def test_campaign_goes_to_those_who_did_not_open_another_one(queues: Queues) -> None:
    (opened, not_opened) = agreeing(2)
    customers(1)
    first = drafted()
    mailed(opened, first.id, opened=True)
    mailed(not_opened, first.id)
    wanted = {"campaign_id": first.id, "response": "not_opened", "within_days": 7}
    second = begun(audience={"mail_response": wanted})
    work_off(queues)
    assert told(second.id) == {not_opened: 1}
    copy = copy_campaign(second.id, CopyCampaign.model_validate({}), caller=OPERATOR)
    assert copy.audience == second.audience
    assert copy.audience.model_dump(mode="json")["mail_response"] == wanted


def test_unknown_campaign_is_refused() -> None:
    wanted = {"campaign_id": new_id(), "response": "opened"}
    with pytest.raises(UnknownMailedCampaign) as refused:
        drafted(audience={"mail_response": wanted})
    assert refused.value.field == "audience.mail_response.campaign_id"
    campaign = drafted()
    with pytest.raises(UnknownMailedCampaign):
        edited(campaign.id, audience={"mail_response": wanted})
    known = {"mail_response": wanted | {"campaign_id": a_campaign().id}}
    assert edited(campaign.id, audience=known).audience.mail_response.within_days == 180
    assert edited(campaign.id, 2, audience={}).audience.mail_response is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"campaign_id": "x"}, "campaign_id"),
        ({"response": "bounced"}, "response"),
        ({"within_days": 0}, "within_days"),
        ({"within_days": 181}, "within_days"),
        ({"within_days": "7"}, "within_days"),
        ({"opened": True}, "opened"),
    ],
    ids=str,
)
def test_invalid_condition_is_named(given: dict[str, Any], field: str) -> None:
    condition = {"campaign_id": new_id(), "response": "opened"} | given
    with pytest.raises(ValidationError) as refused:
        AudienceInput.model_validate({"mail_response": condition})
    assert [each["loc"] for each in refused.value.errors()] == [("mail_response", field)]


def test_numbers_tell_opens_and_clicks_beside_the_mails_that_are_tracked() -> None:
    campaign = drafted()
    first, second, third = agreeing(3)
    mailed(first, campaign.id, opened=True)
    mailed(second, campaign.id, clicked=True)
    mailed(third, campaign.id)
    mailed(third, new_id(), clicked=True)
    numbers = get_campaign(campaign.id, caller=OPERATOR).numbers
    assert (numbers.tracked, numbers.opened, numbers.clicked) == (3, 2, 1)


def test_counting_stops_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audiences, "PEOPLE_PER_COUNT", 1)
    campaign_id = new_id()
    for each in agreeing(3):
        mailed(each, campaign_id, opened=True)
    condition = AudienceMailResponse(campaign_id=campaign_id, response="opened", within_days=7)
    assert not size_of(CampaignAudience(mail_response=condition), now(), seconds=-1).complete
