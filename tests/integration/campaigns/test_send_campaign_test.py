"""Operators send samples of a campaign's message to themselves and to other operators."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.integration.builders import a_reader, at_once
from tests.integration.campaigns.builders import a_campaign, customers, drafted
from tests.integration.notifications.builders import Provider
from tidings.campaigns import testing
from tidings.campaigns.errors import CampaignNotFound, NotAnOperator, UnknownTemplate
from tidings.campaigns.models import Campaign, CampaignTestRequest
from tidings.campaigns.queries import get_campaign
from tidings.campaigns.schemas import CampaignTest, SendCampaignTest
from tidings.campaigns.states import CampaignState
from tidings.campaigns.testing import send_campaign_test
from tidings.delivery.delivering import deliver
from tidings.delivery.models import Channel, Notification
from tidings.delivery.states import command_for
from tidings.notifications.errors import RequestIdReused
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.templates.errors import CodeTemplate, RenderingFailed


def an_operator(role: Role = Role.OPERATOR, **preferences: Any) -> Principal:
    return a_reader(role=role, name="Grace", **preferences)


def tried(campaign_id: str, caller: Principal, **given: Any) -> CampaignTest:
    wanted = SendCampaignTest.model_validate({"request_id": "test-1"} | given)
    return send_campaign_test(campaign_id, wanted, caller=caller)


def samples_of(campaign_id: str) -> list[Notification]:
    return list(Notification.objects(kind=testing.KIND, subject_id=campaign_id))


def test_operator_gets_the_message_at_once_whatever_the_preferences_are(
    provider: Provider,
) -> None:
    operator = an_operator(
        promotions={"inbox": False, "email": False},
        digest="daily",
        quiet_hours={"start": "00:00", "end": "23:59"},
    )
    campaign = drafted(voucher="W-10", variables={"message": "For a cold evening."})
    result = tried(campaign.id, operator, language="de")
    (sample,) = samples_of(campaign.id)
    assert result.model_dump() == {
        "request_id": "test-1",
        "samples": [{"user_id": operator.user_id, "notification_id": sample.id}],
    }
    assert {name: each.status for name, each in sample.deliveries.items()} == {
        "inbox": "delivered",
        "email": "queued",
        "push": "queued",
    }
    assert sample.title.startswith("[Test] ")
    deliver(command_for(sample, Channel.EMAIL))
    (mail,) = provider.messages
    assert mail.rendered.subject.startswith("[Test] ")
    assert "For a cold evening." in mail.rendered.text
    assert "W-10" in mail.rendered.text
    assert "Abbestellen: https://shop.example.com/unsubscribe/sample" in mail.rendered.text
    assert mail.unsubscribe_url is None


def test_sample_has_the_wanted_language_and_not_the_operators(provider: Provider) -> None:
    operator = an_operator(language="de")
    campaign = drafted()
    tried(campaign.id, operator)
    (sample,) = samples_of(campaign.id)
    assert sample.language == "en"
    deliver(command_for(sample, Channel.EMAIL))
    assert "Unsubscribe: " in provider.messages[0].rendered.text


def test_named_operators_get_it_and_no_one_else() -> None:
    caller, colleague, chief = an_operator(), an_operator(), an_operator(Role.ADMIN)
    customers(1)
    campaign = drafted()
    named = [colleague.user_id, chief.user_id, colleague.user_id]
    result = tried(campaign.id, caller, operator_ids=named)
    assert {each.user_id for each in result.samples} == {colleague.user_id, chief.user_id}
    assert {each.user_id for each in samples_of(campaign.id)} == {
        colleague.user_id,
        chief.user_id,
    }


@pytest.mark.parametrize("who", ["customer", "unknown"])
def test_test_to_another_person_is_refused_and_sends_nothing(who: str) -> None:
    other = a_reader().user_id if who == "customer" else new_id()
    campaign, operator = drafted(), an_operator()
    with pytest.raises(NotAnOperator):
        tried(campaign.id, operator, operator_ids=[operator.user_id, other])
    assert samples_of(campaign.id) == []
    assert tried(campaign.id, operator).samples  # the id can be used for a corrected request


@pytest.mark.parametrize("state", CampaignState)
def test_campaign_in_any_state_is_tested_and_its_numbers_do_not_change(
    state: CampaignState,
) -> None:
    campaign, operator = a_campaign(state), an_operator()
    before = get_campaign(campaign.id, caller=operator)
    tried(campaign.id, operator)
    assert get_campaign(campaign.id, caller=operator) == before
    assert Campaign.objects.get(pk=campaign.id).to_mongo() == campaign.reload().to_mongo()


def test_repeated_request_sends_nothing_even_after_an_edit() -> None:
    campaign, operator = drafted(), an_operator()
    first = tried(campaign.id, operator)
    Campaign.objects(pk=campaign.id).update_one(set__name="Spring days")
    assert tried(campaign.id, operator) == first
    assert len(samples_of(campaign.id)) == 1
    assert tried(campaign.id, operator, request_id="test-2") != first
    assert len(samples_of(campaign.id)) == 2


def test_requests_at_once_send_one_sample() -> None:
    campaign, operator = drafted(), an_operator()
    answers = at_once([lambda: tried(campaign.id, operator)] * 4)
    assert all(each == answers[0] for each in answers)
    assert len(samples_of(campaign.id)) == 1


def test_process_that_died_between_the_writes_is_completed_by_a_repetition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign, operator = drafted(), an_operator()

    class Killed(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    for step in ("create_notifications", "SentSample"):
        with monkeypatch.context() as patch:
            patch.setattr(testing, step, die)
            with pytest.raises(Killed):
                tried(campaign.id, operator)
    assert tried(campaign.id, operator).samples
    assert len(samples_of(campaign.id)) == 1


def test_same_request_id_for_another_test_is_a_conflict() -> None:
    campaign, operator = drafted(), an_operator()
    tried(campaign.id, operator)
    with pytest.raises(RequestIdReused):
        tried(campaign.id, operator, language="de")
    with pytest.raises(RequestIdReused):
        tried(drafted().id, operator)
    assert tried(campaign.id, an_operator()).samples  # each caller has ids of their own


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("no_such_template", UnknownTemplate),
        ("password_reset", CodeTemplate),
        ("promotion", RenderingFailed),
    ],
)
def test_message_that_cannot_be_made_is_refused(template: str, error: type[Exception]) -> None:
    # The variable must be a number or a text that is a time.
    wrong = {"valid_until": "soon"} if error is RenderingFailed else {}
    campaign, operator = a_campaign(template_code=template, variables=wrong), an_operator()
    with pytest.raises(error):
        tried(campaign.id, operator)
    assert samples_of(campaign.id) == []
    assert CampaignTestRequest.objects.count() == 0


def test_unknown_campaign_is_not_found() -> None:
    with pytest.raises(CampaignNotFound):
        tried(new_id(), an_operator())


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"request_id": ""}, "request_id"),
        ({"request_id": "x y"}, "request_id"),
        ({"operator_ids": []}, "operator_ids"),
        ({"operator_ids": ["0" * 24] * 6}, "operator_ids"),
        ({"operator_ids": ["ada@example.com"]}, "operator_ids.0"),
        ({"language": "no language"}, "language"),
        ({"email": "ada@example.com"}, "email"),
    ],
    ids=str,
)
def test_invalid_input_is_named(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SendCampaignTest.model_validate({"request_id": "test-1"} | given)
    assert [".".join(map(str, each["loc"])) for each in refused.value.errors()] == [field]
