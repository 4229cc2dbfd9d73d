"""The pages of campaigns: list, results, preview, and the steps with their questions."""

import re
from typing import Any

import pytest

from tests.integration.builders import Queues, at_once
from tests.integration.campaigns.builders import a_campaign, begun, customers, state_of, work_off
from tests.integration.console.people import account_of, signed_in
from tests.unit.console.browser import Browser, Shown
from tidings.campaigns.models import AudienceMailResponse, Campaign, CampaignAudience
from tidings.campaigns.states import STEPS, Actor, CampaignState
from tidings.delivery.models import Notification
from tidings.platform.timing.clock import new_id

AFTER = {
    "start": CampaignState.SCHEDULED,
    "pause": CampaignState.PAUSED,
    "resume": CampaignState.SCHEDULED,
    "stop": CampaignState.STOPPED,
}


def links_of(shown: Shown) -> set[str]:
    """Return the last words of the links to steps."""
    return set(re.findall(r'href="[^"]*campaigns/[0-9a-f]+/(start|pause|resume|stop)"', shown.text))


def test_list_shows_campaigns_and_filters_by_state() -> None:
    a_campaign(name="Spring tide")
    a_campaign(CampaignState.PAUSED, name="Autumn leaves")
    browser = signed_in()
    everything = browser.get("campaigns").text
    assert "Spring tide" in everything
    assert "Autumn leaves" in everything
    paused = browser.get("campaigns?state=paused").text
    assert "Autumn leaves" in paused
    assert "Spring tide" not in paused
    assert "No campaign is in this state." in browser.get("campaigns?state=running").text


def test_list_has_pages() -> None:
    for number in range(21):
        a_campaign(name=f"Campaign {number}")
    browser = signed_in()
    first = browser.get("campaigns")
    assert "Campaign 20" in first.text
    assert "campaigns?page=2" in first.text
    assert "Campaign 0<" in browser.get("campaigns?page=2").text


@pytest.mark.parametrize("query", ["state=nonsense", "page=0", "page=x", "page=100000"])
def test_malformed_filter_is_told(query: str) -> None:
    assert signed_in().get(f"campaigns?{query}").status == 400


@pytest.mark.parametrize("place", ["", "/preview", "/copy", "/winner", "/start"])
def test_campaign_that_does_not_exist_is_told(place: str) -> None:
    assert signed_in().get(f"campaigns/{new_id()}{place}").status == 404


def test_name_of_a_campaign_is_text() -> None:
    campaign = a_campaign(name="<b>Sale & more</b>")
    for place in ("", f"/{campaign.id}", f"/{campaign.id}/copy", f"/{campaign.id}/start"):
        text = signed_in().get(f"campaigns{place}").text
        assert "&lt;b&gt;Sale &amp; more&lt;/b&gt;" in text
        assert "<b>Sale" not in text


def test_campaign_shows_what_became_of_its_audience(queues: Queues) -> None:
    customers(3)
    campaign = begun()
    work_off(queues)
    text = signed_in().get(f"campaigns/{campaign.id}").text
    assert re.search(r"Audience so far</dt><dd><span class=\"value\">3<", text)
    assert re.search(r'Sent</th><td class="num">3</td><td class="num more">100.0%', text)
    assert "Inbox" in text
    assert "by Tidings" in text


def test_campaign_without_a_run_says_so() -> None:
    audience = CampaignAudience(bought_category="pens", inactive_days=1, language="de")
    campaign = a_campaign(audience=audience, voucher="TIDE-10", variables={"discount": "10"})
    text = signed_in().get(f"campaigns/{campaign.id}").text
    assert "The campaign has reached no one yet." in text
    assert "Bought from the category pens" in text
    assert "Without an order for one day" in text
    assert "With the language de" in text
    assert "TIDE-10" in text


@pytest.mark.parametrize(
    ("response", "text"),
    [
        ("opened", "Opened a mail sent in the last 7 days"),
        ("clicked", "Clicked a link in a mail sent in the last 7 days"),
        ("not_opened", "opened no mail sent in the last 7 days"),
    ],
)
def test_campaign_shows_whose_mails_its_audience_responded_to(response: str, text: str) -> None:
    other = a_campaign()
    condition = AudienceMailResponse(campaign_id=other.id, response=response, within_days=7)
    campaign = a_campaign(audience=CampaignAudience(mail_response=condition))
    shown = signed_in().get(f"campaigns/{campaign.id}").text
    assert text in shown
    assert f"campaigns/{other.id}" in shown


# ------------------------------------------------------------------------- steps


@pytest.mark.parametrize("state", CampaignState)
def test_campaign_offers_the_steps_of_its_state(state: CampaignState) -> None:
    offered = links_of(signed_in().get(f"campaigns/{a_campaign(state).id}"))
    possible = {after for after, who in STEPS[state].items() if Actor.OPERATOR in who}
    assert bool(offered) == bool(possible)
    assert ("stop" in offered) == (CampaignState.STOPPED in possible)
    assert ("pause" in offered) == (CampaignState.PAUSED in possible)
    assert ("start" in offered) == (state is CampaignState.DRAFT)
    assert ("resume" in offered) == (state is CampaignState.PAUSED)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (CampaignState.DRAFT, "start"),
        (CampaignState.SCHEDULED, "pause"),
        (CampaignState.RUNNING, "pause"),
        (CampaignState.PAUSED, "resume"),
        (CampaignState.SCHEDULED, "stop"),
    ],
)
def test_step_is_taken_after_a_question(state: CampaignState, step: str) -> None:
    campaign, browser = a_campaign(state), signed_in()
    place = f"campaigns/{campaign.id}/{step}"
    assert browser.get(place).status == 200
    assert state_of(campaign.id) == state  # to ask changes nothing
    shown = browser.send(place)
    assert shown.place == f"campaigns/{campaign.id}"
    assert 'class="note note-good"' in shown.text
    assert state_of(campaign.id) == AFTER[step]
    (taken,) = Campaign.objects.get(pk=campaign.id).history
    assert taken.user_id == account_of(browser).id


def test_step_that_is_not_possible_is_not_offered() -> None:
    campaign = a_campaign(CampaignState.STOPPED)
    text = signed_in().get(f"campaigns/{campaign.id}/start").text
    assert "does not allow this any more" in text
    assert '<button type="submit" class="main"' not in text


def test_step_that_another_operator_was_first_to_take_is_told() -> None:
    campaign, browser = a_campaign(), signed_in()
    question = browser.get(f"campaigns/{campaign.id}/start")
    signed_in().send(f"campaigns/{campaign.id}/stop")
    shown = browser.post(question.place, question.hidden)
    assert shown.status == 422
    assert "A campaign that is stopped cannot become scheduled." in shown.text
    assert state_of(campaign.id) == CampaignState.STOPPED


def test_step_is_taken_once_if_it_is_sent_from_two_tabs_at_once() -> None:
    campaign = a_campaign()
    browsers = [signed_in() for _ in range(3)]
    questions = [browser.get(f"campaigns/{campaign.id}/start") for browser in browsers]

    def send(browser: Browser, question: Shown) -> Any:
        return lambda: browser.post(question.place, question.hidden)

    shown = at_once([send(*each) for each in zip(browsers, questions, strict=True)])
    assert sorted(each.status for each in shown) == [200, 422, 422]
    assert len(Campaign.objects.get(pk=campaign.id).history) == 1


# -------------------------------------------------------------------------- copy


def test_copy_is_made_with_a_name() -> None:
    campaign, browser = a_campaign(CampaignState.FINISHED, name="Winter days"), signed_in()
    place = f"campaigns/{campaign.id}/copy"
    assert place.removeprefix("campaigns/") in browser.get(f"campaigns/{campaign.id}").text
    assert 'value="Copy of Winter days"' in browser.get(place).text
    assert Campaign.objects(name="Spring days").count() == 0  # to ask makes none
    shown = browser.send(place, name="Spring days")
    copy = Campaign.objects.get(name="Spring days")
    assert shown.place == f"campaigns/{copy.id}"
    assert "This is the copy, a draft." in shown.text


@pytest.mark.parametrize("name", ["x" * 201, "a\u2028b"])
def test_copy_with_a_malformed_name_is_told(name: str) -> None:
    shown = signed_in().send(f"campaigns/{a_campaign().id}/copy", name=name)
    assert shown.status == 400
    assert 'role="alert"' in shown.text
    assert f'value="{name}"' in shown.text


def test_copy_with_a_missing_template_is_told() -> None:
    campaign = a_campaign(template_code="no_such_template")
    shown = signed_in().send(f"campaigns/{campaign.id}/copy", name="Spring days")
    assert shown.status == 422
    assert "There is no such template." in shown.text
    assert Campaign.objects(name="Spring days").count() == 0


# -------------------------------------------------------------------- experiment


def test_winner_is_chosen_beside_the_results_of_the_test(queues: Queues) -> None:
    customers(30)
    variants = [{"variables": {"message": text}} for text in ("Short.", "Long.")]
    experiment = {"variants": variants, "share_percent": 50, "decide_by": "operator"}
    campaign = begun(experiment=experiment)
    work_off(queues)
    browser, place = signed_in(), f"campaigns/{campaign.id}/winner"
    shown = browser.get(f"campaigns/{campaign.id}").text
    assert "Experiment with 50 per cent of the audience" in shown
    assert "Waits for the winner" in shown
    assert place.removeprefix("campaigns/") in shown
    after = browser.send(place, variant="b")
    assert "The winner goes to all others now." in after.text
    assert "To all others" in after.text
    assert Campaign.objects.get(pk=campaign.id).run.winner == "b"
    page = browser.get(f"campaigns/{campaign.id}")
    assert "does not wait for a winner" in browser.get(place).text
    late = browser.post(place, {"form_token": page.token, "variant": "a"})
    assert late.status == 422
    assert "does not wait for a winner" in late.text


# ----------------------------------------------------------------------- preview


def test_preview_shows_audience_and_message() -> None:
    customers(2, language="en")
    campaign = a_campaign(name="Winter days", variables={"discount": "10"})
    text = signed_in().get(f"campaigns/{campaign.id}/preview").text
    assert re.search(r"People now</dt><dd><span class=\"value\">\d+<", text)
    assert "<iframe" in text
    assert "templates/promotion/mail?" in text
    assert "value.campaign=Winter+days" in text


def test_preview_has_the_chosen_language() -> None:
    campaign = a_campaign()
    text = signed_in().get(f"campaigns/{campaign.id}/preview?language=de").text
    assert "<option selected>de</option>" in text
    assert "language=de" in text


def test_preview_sends_one_test_to_the_operator() -> None:
    campaign, browser = a_campaign(name="Winter days"), signed_in()
    page = browser.get(f"campaigns/{campaign.id}/preview?language=de")
    for _ in range(2):  # a double click sends the same form
        shown = browser.post(page.place, {"form_token": page.token, **page.hidden})
        assert "The test is on its way to you." in shown.text
        assert "language=de" in shown.place
    (sample,) = Notification.objects(kind="campaign.test", subject_id=campaign.id)
    assert (sample.user_id, sample.language) == (account_of(browser).id, "de")


def test_test_that_is_refused_is_told() -> None:
    campaign, browser = a_campaign(), signed_in()
    page = browser.get(f"campaigns/{campaign.id}/preview")
    Campaign.objects(pk=campaign.id).update_one(set__template_code="no_such_template")
    shown = browser.post(page.place, {"form_token": page.token, **page.hidden})
    assert shown.status == 422
    assert "There is no such template." in shown.text


def test_campaign_with_a_missing_template_says_so() -> None:
    campaign = a_campaign(template_code="no_such_template")
    shown = signed_in().get(f"campaigns/{campaign.id}/preview")
    assert shown.status == 200
    assert "<iframe" not in shown.text
    assert 'role="alert"' in shown.text
