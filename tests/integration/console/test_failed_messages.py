"""Operators find failed messages, redrive them after a dry run, edit and discard them."""

import json
from typing import Any

import pytest

from tests.contract.project import ROOT
from tests.integration.console.people import account_of, signed_in
from tests.integration.monitoring.builders import a_dead_letter, state_of, stored
from tidings.monitoring import redrive
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.platform.messaging.dead_letters import DeadLetter


@pytest.fixture(autouse=True)
def accepted_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave accepted messages to the rule that sends them."""
    monkeypatch.setattr(redrive, "send_due", lambda **_: 0)


def letters(number: int, **more: Any) -> list[DeadLetter]:
    made = [a_dead_letter(minutes_ago=each, **more) for each in range(number)]
    store_failed_messages(made)
    return made


def a_letter_about_a_task() -> DeadLetter:
    body = (ROOT / "events/samples/task.due.json").read_bytes()
    letter = a_dead_letter(type="task.due", body=body)
    store_failed_messages([letter])
    return letter


def test_messages_are_listed_and_filtered() -> None:
    browser = signed_in()
    wrong, late = letters(1, error="no stock")[0], letters(1, error="no luck")[0]
    shown = browser.get("failed-messages")
    assert wrong.key in shown.text
    assert late.key in shown.text
    shown = browser.get("failed-messages?error=STOCK")
    assert wrong.key in shown.text
    assert late.key not in shown.text
    assert "No message matches" in browser.get("failed-messages?state=discarded").text


def test_long_list_goes_on_by_cursors() -> None:
    made = letters(30)
    browser = signed_in()
    first = browser.get("failed-messages")
    keys = [each.key for each in made if each.key in first.text]
    assert len(keys) == 25
    following = first.text.partition('rel="next" href="')[2].partition('"')[0]
    place = following.replace("&amp;", "&").partition("console/")[2]
    second = browser.get(place)
    assert {each.key for each in made if each.key in second.text} == {
        each.key for each in made
    } - set(keys)


@pytest.mark.parametrize("place", ["failed-messages?state=lost", "failed-messages?after=%2B"])
def test_filter_that_cannot_be_used_is_refused(place: str) -> None:
    assert signed_in().get(place).status == 400


def test_message_is_shown_with_attempts_and_without_personal_data() -> None:
    letter = letters(1, error="lost ada@example.com", body=b'{"email": "ada@example.com"}')[0]
    shown = signed_in().get(f"failed-messages/{letter.key}")
    assert "[masked]" in shown.text
    assert "ada@example.com" not in shown.text
    assert "inventory" in shown.text
    assert signed_in().get(f"failed-messages/{'0' * 24}").status == 404


def test_chosen_messages_are_redriven_after_a_dry_run() -> None:
    first, second, other = letters(3)
    browser = signed_in()
    token = browser.get("failed-messages").token
    ids = [first.key, second.key]
    check = browser.post("failed-messages/redrive", {"form_token": token, "ids": ids})
    assert "2 messages wait" in check.text
    assert "Would be handled" in check.text
    assert {state_of(each) for each in (first, second, other)} == {"failed"}
    given = {"form_token": token, "step": "redrive", "ids": ids, "rate": "5", "reason": "mended"}
    done = browser.post("failed-messages/redrive", given)
    assert (done.place, done.status) == ("failed-messages", 200)
    assert "2 accepted for redrive, 0 sent already. The rule redrive sends the rest." in done.text
    assert [state_of(each) for each in (first, second, other)] == [
        "redriving",
        "redriving",
        "failed",
    ]
    act = stored(first).acts[-1]
    assert (act.act, act.by, act.reason) == ("redriven", account_of(browser).id, "mended")


def test_all_that_match_are_redriven() -> None:
    matching, other = letters(3, error="no stock"), letters(1)[0]
    browser = signed_in()
    token = browser.get("failed-messages").token
    given = {"form_token": token, "all": "1", "state": "failed", "error": "stock"}
    check = browser.post("failed-messages/redrive", given)
    assert "3 messages wait" in check.text
    done = browser.post("failed-messages/redrive", {**check.hidden, "rate": "50", "reason": ""})
    assert "3 accepted for redrive" in done.text
    assert {state_of(each) for each in matching} == {"redriving"}
    assert state_of(other) == "failed"


def test_redrive_twice_accepts_a_message_once() -> None:
    letter = letters(1)[0]
    browser = signed_in()
    token = browser.get("failed-messages").token
    given = {"form_token": token, "step": "redrive", "ids": letter.key, "rate": "5"}
    assert "1 accepted" in browser.post("failed-messages/redrive", given).text
    assert "0 accepted" in browser.post("failed-messages/redrive", given).text


@pytest.mark.parametrize(
    "wrong", [{"rate": "0"}, {"rate": "fast"}, {"rate": "9" * 5_000}, {"rate": "5", "reason": "a"}]
)
def test_wrong_input_is_explained_and_changes_nothing(wrong: dict[str, str]) -> None:
    letter = letters(1)[0]
    browser = signed_in()
    token = browser.get("failed-messages").token
    given = {"form_token": token, "step": "redrive", "ids": letter.key, **wrong}
    shown = browser.post("failed-messages/redrive", given)
    assert shown.status == 400
    assert 'role="alert"' in shown.text
    assert state_of(letter) == "failed"


@pytest.mark.parametrize("place", ["failed-messages/redrive", "failed-messages/discard"])
def test_act_without_a_choice_leads_back(place: str) -> None:
    browser = signed_in()
    shown = browser.post(place, {"form_token": browser.get("failed-messages").token})
    assert shown.place == "failed-messages"
    assert "No message was chosen." in shown.text
    assert browser.get(place).place == "failed-messages"


def test_messages_are_discarded_with_a_reason() -> None:
    letter = letters(1)[0]
    browser = signed_in()
    token = browser.get("failed-messages").token
    ask = browser.post("failed-messages/discard", {"form_token": token, "ids": letter.key})
    assert "Discard 1 message?" in ask.text
    assert state_of(letter) == "failed"
    without = browser.post("failed-messages/discard", {**ask.hidden, "reason": ""})
    assert without.status == 400
    assert state_of(letter) == "failed"
    done = browser.post("failed-messages/discard", {**ask.hidden, "reason": "a test order"})
    assert "1 discarded." in done.text
    assert (state_of(letter), stored(letter).acts[-1].reason) == ("discarded", "a test order")


def test_message_is_edited_after_a_check() -> None:
    letter = a_letter_about_a_task()
    place = f"failed-messages/{letter.key}/edit"
    browser = signed_in()
    token = browser.get(place).token
    given = {"form_token": token, "title": "Call back", "reason": "typing error"}
    check = browser.post(place, {**given, "step": "check"})
    assert "Would be handled" in check.text
    assert "Call back" not in str(stored(letter).body)
    done = browser.post(place, {**given, "step": "redrive"})
    assert done.place == f"failed-messages/{letter.key}"
    assert json.loads(stored(letter).body)["data"]["title"] == "Call back"
    assert [each.act for each in stored(letter).acts] == ["edited", "redriven"]


@pytest.mark.parametrize(("title", "status"), [("", 400), ("x" * 900, 422)])
def test_edit_that_is_not_allowed_is_explained(title: str, status: int) -> None:
    letter = a_letter_about_a_task()
    place = f"failed-messages/{letter.key}/edit"
    browser = signed_in()
    token = browser.get(place).token
    shown = browser.post(place, {"form_token": token, "title": title, "step": "redrive"})
    assert shown.status == status
    assert 'role="alert"' in shown.text
    assert state_of(letter) == "failed"


def test_message_without_editable_fields_cannot_be_edited() -> None:
    letter = letters(1)[0]
    shown = signed_in().get(f"failed-messages/{letter.key}/edit")
    assert "cannot be changed" in shown.text
