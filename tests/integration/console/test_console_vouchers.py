"""The pages of vouchers: list, one with its orders, and its end."""

from tests.integration.builders import a_product, a_reader
from tests.integration.console.people import signed_in
from tests.integration.vouchers.builders import a_voucher, an_edit, as_it_is, order_with
from tidings.orders.operations import cancel_order
from tidings.orders.schemas import CancelOrder
from tidings.platform.timing.clock import new_id


def test_list_shows_vouchers_and_filters_them() -> None:
    a_voucher(name="Spring tide", code="TIDE", percent="12.5", total_limit=500)
    an_edit(a_voucher(name="Autumn leaves", amount=123_450), ended=True)
    browser = signed_in()
    everything = browser.get("vouchers").text
    assert "Spring tide" in everything
    assert "12.5%" in everything
    assert "0 of 500" in everything
    assert "1,234.50 EUR" in everything
    assert "Autumn leaves" not in browser.get("vouchers?ended=false").text
    assert "Spring tide" not in browser.get("vouchers?ended=true").text
    assert "Spring tide" in browser.get("vouchers?code=tide").text
    assert "There is no such voucher." in browser.get("vouchers?code=nothing").text


def test_voucher_has_its_terms_and_its_orders() -> None:
    ada = a_reader()
    voucher = a_voucher(amount=100, minimum=900, reach="customer", customer_id=ada.user_id)
    order = order_with(voucher.code, a_product(price=990), customer=ada)
    shown = signed_in().get(f"vouchers/{voucher.id}").text
    for text in (voucher.code, "One customer", "9.00 EUR", "8.90 EUR", order.id):
        assert text in shown, text
    assert f"persons/{ada.user_id}" in shown
    cancel_order(order.id, CancelOrder(), caller=ada)
    assert "Cancelled" in signed_in().get(f"vouchers/{voucher.id}").text


def test_name_of_a_voucher_is_text() -> None:
    voucher = a_voucher(name="<b>Sale & more</b>")
    for place in ("", "/end"):
        shown = signed_in().get(f"vouchers/{voucher.id}{place}").text
        assert "&lt;b&gt;Sale &amp; more&lt;/b&gt;" in shown
        assert "<b>Sale" not in shown


def test_voucher_is_ended_after_a_question() -> None:
    voucher, browser = a_voucher(name="Spring tide"), signed_in()
    place = f"vouchers/{voucher.id}"
    asked = browser.get(f"{place}/end")
    assert "End the voucher Spring tide?" in asked.text
    assert as_it_is(voucher).state == "active"
    shown = browser.post(f"{place}/end", {"form_token": asked.token})
    assert "The voucher has ended." in shown.text
    assert as_it_is(voucher).state == "ended"
    assert f"{place}/end" not in shown.text
    assert "It has ended already." in browser.get(f"{place}/end").text


def test_voucher_that_does_not_exist_is_told() -> None:
    for place in ("", "/end"):
        assert signed_in().get(f"vouchers/{new_id()}{place}").status == 404


def test_bad_filter_is_told() -> None:
    for query in ("ended=perhaps", "page=0", "code=*"):
        assert signed_in().get(f"vouchers?{query}").status == 400
