"""Queues, suppressions and the audit trail in the console."""

import json

from tests.integration.builders import a_product, a_reader
from tests.integration.console.people import account_of, signed_in
from tidings.delivery.models import Suppression
from tidings.delivery.suppression import suppress
from tidings.platform.security.auth import Principal, Role
from tidings.products.operations import adjust_stock
from tidings.products.schemas import AdjustStock
from tidings.users.models import User


def test_queues_are_shown_with_what_is_wrong() -> None:
    shown = signed_in().get("queues")
    assert "inventory" in shown.text
    assert "No consumer" in shown.text  # the queues of this test have none
    assert shown.text.count("No consumer") < shown.text.count("<tr>")  # others need none


def test_suppression_is_found_by_its_address_and_lifted() -> None:
    reader = a_reader()
    address = User.objects.get(pk=reader.user_id).email
    suppress(address, "complaint")
    suppress("other@example.com", "hard_bounce")
    browser = signed_in()
    assert "2 suppressions" in browser.get("suppressions").text
    token = browser.get("suppressions").token
    found = browser.post("suppressions", {"form_token": token, "address": address})
    assert "1 suppression<" in found.text
    assert "The reader complained" in found.text
    by_person = browser.post("suppressions", {"form_token": token, "user_id": reader.user_id})
    assert "1 suppression<" in by_person.text
    suppression = Suppression.objects.get(reason="complaint")
    given = {"form_token": token, "step": "lift", "suppression_id": suppression.id}
    refused = browser.post("suppressions", {**given, "reason": f"{address} asked"})
    assert refused.status == 400
    assert Suppression.objects.get(pk=suppression.id).lifted_at is None
    done = browser.post("suppressions", {**given, "reason": "The mailbox works again."})
    assert "The suppression is lifted." in done.text
    lifted = Suppression.objects.get(pk=suppression.id)
    assert lifted.acts[-1].by == account_of(browser).id
    assert "The mailbox works again." in browser.get("suppressions?lifted=true").text


def test_search_with_no_address_is_explained() -> None:
    browser = signed_in()
    given = {"form_token": browser.get("suppressions").token, "address": "ada"}
    shown = browser.post("suppressions", given)
    assert shown.status == 400
    assert 'role="alert"' in shown.text


def test_admin_reads_and_exports_the_audit_trail() -> None:
    browser = signed_in(Role.ADMIN)
    operator = Principal(user_id=account_of(signed_in()).id, role=Role.OPERATOR)
    product = a_product(stock=3)
    adjust_stock(product.id, AdjustStock(change=4, reason="counted"), caller=operator)
    shown = browser.get(f"audit?actor_id={operator.user_id}")
    assert "1 act<" in shown.text
    assert "adjust_stock" in shown.text
    assert "<del>3</del> <ins>7</ins>" in shown.text
    file = browser.get(f"audit/export?target_id={product.id}")
    assert "attachment" in file.headers["Content-Disposition"]
    lines = [json.loads(each) for each in file.text.splitlines()]
    assert [each["operation"] for each in lines] == ["create_product", "adjust_stock"]
    assert "export_audit_trail" in browser.get(f"audit?actor_id={account_of(browser).id}").text


def test_acts_by_the_console_are_in_the_trail() -> None:
    suppress("ada@example.com", "complaint")
    browser = signed_in()
    given = {"step": "lift", "suppression_id": Suppression.objects.first().id}
    browser.send("suppressions", **given, reason="The mailbox works again.")
    shown = signed_in(Role.ADMIN).get("audit?operation=lift_suppression")
    assert account_of(browser).id in shown.text


def test_page_that_is_an_admins_is_refused_and_recorded() -> None:
    browser = signed_in()
    assert browser.get("audit").status == 403
    shown = signed_in(Role.ADMIN).get(f"audit?actor_id={account_of(browser).id}&outcome=refused")
    assert "open console page" in shown.text
