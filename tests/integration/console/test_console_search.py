"""Search, explanations and persons as an operator sees them."""

import json
import re

import pytest

from tests.integration.builders import a_product, a_reader, an_order
from tests.integration.console.people import signed_in
from tests.integration.console.samples import a_notification
from tests.integration.monitoring.builders import a_dead_letter
from tests.integration.notifications.builders import some_content
from tests.unit.platform.builders import order_placed
from tidings.delivery.models import Notification
from tidings.delivery.suppression import suppress
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.notifications.creating import create_notifications
from tidings.platform.context import correlated
from tidings.platform.timing.clock import now
from tidings.users.models import User


def address_of(user_id: str) -> str:
    return str(User.objects.get(pk=user_id).email)


def test_address_finds_a_person_and_stays_out_of_addresses() -> None:
    person = a_reader()
    email = address_of(person.user_id)
    shown = signed_in().send("search", q=f" {email.upper()} ")
    assert (shown.status, shown.place) == (200, f"persons/{person.user_id}")
    assert email not in shown.text
    assert f"{email[0]}***@example.com" in shown.text


def test_unknown_address_is_told_and_stays_out_of_addresses() -> None:
    shown = signed_in().send("search", q="nobody@example.com")
    assert (shown.status, shown.place) == (200, "search")
    assert "No account has this address or number." in shown.text


def test_id_leads_to_its_page() -> None:
    order = an_order(a_product(stock=5))
    browser = signed_in()
    assert browser.send("search", q=f"  {order.id} ").place == f"orders/{order.id}"
    assert browser.get(f"search?q={order.customer_id}").place == f"persons/{order.customer_id}"


def test_correlation_id_leads_to_what_it_caused() -> None:
    with correlated("order-4711"):
        order = an_order(a_product(stock=5))
    notification = a_notification(correlation_id="order-4711")
    shown = signed_in().send("search", q="order-4711")
    assert shown.place == "search?q=order-4711"
    assert f"orders/{order.id}" in shown.text
    assert f"notifications/{notification.id}" in shown.text
    assert "2 things were found" in shown.text


def test_thing_without_a_page_is_named() -> None:
    product = a_product()
    shown = signed_in().send("search", q=product.id)
    assert shown.status == 200
    assert f"<code>{product.id}</code>" in shown.text
    assert "Product" in shown.text


def test_nothing_found_says_where_else_to_look() -> None:
    shown = signed_in().send("search", q="corr-0815-x")
    assert (shown.status, shown.place) == (200, "search")
    assert "make trace CORRELATION=corr-0815-x" in shown.text


@pytest.mark.parametrize(
    "text",
    ["x" * 300, "\x00", "\u200b", "Ada Lovelace", "<b>", "a@b@", "@", "+", "+49 x", "$where"],
)
def test_malformed_text_is_told(text: str) -> None:
    shown = signed_in().send("search", q=text)
    assert shown.status == 400
    assert 'role="alert"' in shown.text
    assert "<b>" not in shown.text


def test_empty_search_shows_what_can_be_found() -> None:
    shown = signed_in().send("search", q="  ")
    assert "What you can search for" in shown.text


def test_page_of_a_person_tells_why_there_was_no_mail() -> None:
    person = a_reader(verified=False)
    create_notifications([person.user_id], some_content())
    shown = signed_in().get(f"persons/{person.user_id}")
    assert "It is not sent: the person has not verified the e-mail address." in shown.text
    assert "It would not be sent: the person has not verified the e-mail address." in shown.text


def test_page_of_a_person_tells_of_a_suppression() -> None:
    person = a_reader()
    browser = signed_in()
    assert "a mail bounced permanently" not in browser.get(f"persons/{person.user_id}").text
    suppress(address_of(person.user_id), "hard_bounce")
    assert "Yes: a mail bounced permanently" in browser.get(f"persons/{person.user_id}").text


def test_page_of_a_person_has_no_whole_address() -> None:
    person = a_reader(name="Ada Lovelace")
    text = signed_in().get(f"persons/{person.user_id}").text
    assert address_of(person.user_id) not in text
    assert "Lovelace" not in text


def test_order_leads_to_its_person_and_back() -> None:
    order = an_order(a_product(stock=5))
    browser = signed_in()
    assert f"persons/{order.customer_id}" in browser.get(f"orders/{order.id}").text
    assert f"orders/{order.id}" in browser.get(f"persons/{order.customer_id}").text


@pytest.mark.parametrize("place", ["orders", "notifications", "persons"])
def test_unknown_things_are_told(place: str) -> None:
    assert signed_in().get(f"{place}/6b0152a6f6b097fd8ed20a9b").status == 404


def test_explanation_is_in_the_language_of_the_reader() -> None:
    person = a_reader(verified=False)
    create_notifications([person.user_id], some_content())
    browser = signed_in()
    browser.send("preferences", language="de")
    shown = browser.get(f"persons/{person.user_id}").text
    assert "die Person hat die E-Mail-Adresse nicht bestätigt" in shown
    assert "It is not sent" not in shown


def test_failure_of_an_order_leads_to_its_message() -> None:
    order = an_order(a_product(stock=5))
    content = order_placed(subject=order.id)
    content["data"]["order_id"] = order.id
    letter = a_dead_letter(body=json.dumps(content).encode())
    store_failed_messages([letter])
    browser = signed_in()
    shown = browser.get(f"orders/{order.id}").text
    found = re.search(r"failed-messages/([0-9a-f]+)", shown)
    assert found
    assert browser.get(f"failed-messages/{found[1]}").status == 200
    assert browser.send("search", q=letter.message_id).place == f"failed-messages/{found[1]}"


def test_explanation_names_the_providers_that_were_tried() -> None:
    notification = a_notification()
    step = {
        "status": "sent",
        "at": now(),
        "provider": "backup",
        "tried": [{"provider": "ses", "reason": "misconfigured"}],
    }
    Notification._get_collection().update_one(
        {"_id": notification.id},
        {"$set": {"deliveries.email.status": "sent"}, "$push": {"deliveries.email.steps": step}},
    )
    path = f"notifications/{notification.id}"
    assert "It went through backup, after ses (misconfigured)." in signed_in().get(path).text
    assert "Did not accept it: ses: our access to the provider" in signed_in().get(path).text
