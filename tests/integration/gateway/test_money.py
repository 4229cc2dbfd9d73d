"""Realistic prices in every currency, by GraphQL and REST, to the texts of mails."""

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.integration.gateway.in_process import InProcessApi
from tidings.notifications.rules import RULES
from tidings.orders.announcements import confirmed
from tidings.orders.events import OrderConfirmed
from tidings.orders.models import Order
from tidings.orders.schemas import MAX_TOTAL
from tidings.products.currencies import DECIMALS
from tidings.products.fields import MAX_AMOUNT
from tidings.templates import builtin
from tidings.templates.rendering import CompiledVariant

# Units per US dollar, rounded up to a power of ten; for the other currencies at most ten.
TO_THE_DOLLAR: Final = {
    10_000_000: "IRR",
    100_000: "GNF IDR LAK LBP SYP UZS VND",
    10_000: "BIF CDF COP IQD KHR MGA MMK MNT MWK NGN PYG RWF SDG SSP TZS UGX",
    1_000: "ALL AMD AOA ARS BDT CLP COU CRC CVE DJF DZD GMD GYD HTG HUF ISK JMD JPY KES KMF KRW "
    "KZT LKR LRD NPR PKR RSD RUB SOS SRD VES VUV XAF XOF XPF YER",
}
DOLLARS: Final = 5_000

CREATE = """mutation($sku: String!, $price: MoneyInput!) {
  createProduct(input: {sku: $sku, title: "Thing", price: $price, stock: 9}) {
    id price { amount currency }
  }
}"""
PLACE = """mutation($product: ID!, $quantity: Int!) {
  placeOrder(input: {items: [{productId: $product, quantity: $quantity}]}) {
    id total { amount currency } items { unitPrice { amount currency } }
  }
}"""


def price_in(currency: str) -> int:
    """Return a price of about 5,000 dollars in minor units."""
    rate = next((rate for rate, codes in TO_THE_DOLLAR.items() if currency in codes.split()), 10)
    minor_units: int = 10 ** DECIMALS[currency]
    return DOLLARS * rate * minor_units


def done(answer: Any) -> Any:
    assert "errors" not in answer, answer
    return next(iter(answer["data"].values()))


def refusal(answer: Any) -> tuple[str, str]:
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    return error["extensions"].get("field", ""), error["message"]


def mail_about(order_id: str, language: str) -> str:
    content = RULES[OrderConfirmed].content(confirmed(Order.objects.get(pk=order_id)))
    template = builtin.content_of(content.template_code)
    assert template is not None
    compiled = CompiledVariant(template, template.variant_for(language))
    made = compiled.render({"name": "Ada", **content.variables})
    assert made.email_text is not None
    return made.email_text


@pytest.mark.parametrize("currency", sorted(DECIMALS))
def test_three_pieces_are_sold_in_every_currency(
    currency: str, admin: InProcessApi, customer: InProcessApi
) -> None:
    price = {"amount": price_in(currency), "currency": currency}
    total = {"amount": 3 * price_in(currency), "currency": currency}

    product = done(admin.graphql(CREATE, sku=f"THING-{currency}", price=price))
    order = done(customer.graphql(PLACE, product=product["id"], quantity=3))

    assert product["price"] == price
    assert (order["total"], order["items"][0]["unitPrice"]) == (total, price)
    assert customer.rest("GET", f"/products/{product['id']}").json["data"]["price"] == price
    assert customer.rest("GET", f"/orders/{order['id']}").json["data"]["total"] == total
    decimals = DECIMALS[currency]
    written = f"{Decimal(3 * price_in(currency)).scaleb(-decimals):,.{decimals}f} {currency}"
    assert f"Total: {written}" in mail_about(order["id"], "en")
    german = written.translate(str.maketrans(",.", ".,"))
    assert f"Summe: {german}" in mail_about(order["id"], "de")


@pytest.mark.parametrize(
    ("amount", "currency"), [(15_000_000_00, "IDR"), (12_000_000_00, "COP"), (9_000_000_00, "IDR")]
)
def test_realistic_prices_are_accepted_by_rest(
    amount: int, currency: str, admin: InProcessApi, customer: InProcessApi
) -> None:
    price = {"amount": amount, "currency": currency}
    made = admin.rest("POST", "/products", {"sku": "A", "title": "A", "price": price})
    items = [{"product_id": made.json["data"]["id"], "quantity": 3}]
    placed = customer.rest("POST", "/orders", {"items": items})
    assert (made.status, placed.status) == (201, 201)
    assert placed.json["data"]["total"] == {"amount": 3 * amount, "currency": currency}


def test_large_amounts_are_accepted_as_literals(
    admin: InProcessApi, customer: InProcessApi
) -> None:
    query = """mutation { createProduct(input: {
      sku: "A", title: "A", price: {amount: LARGEST, currency: "IRR"}
    }) { id price { amount } } }"""
    product = done(admin.graphql(query.replace("LARGEST", str(MAX_AMOUNT))))
    assert product["price"]["amount"] == MAX_AMOUNT
    order = done(customer.graphql(PLACE, product=product["id"], quantity=9))
    assert order["total"]["amount"] == 9 * MAX_AMOUNT
    field, message = refusal(customer.graphql(PLACE, product=product["id"], quantity=10))
    assert (field, str(MAX_TOTAL) in message) == ("items", True)
    assert Order.objects.count() == 1


def test_filters_find_prices_beyond_32_bits_also_by_variables_of_type_int(
    admin: InProcessApi, stranger: InProcessApi
) -> None:
    for sku, amount in (("A", 5), ("B", 2**31), ("C", 10**12), ("D", MAX_AMOUNT)):
        done(admin.graphql(CREATE, sku=sku, price={"amount": amount, "currency": "IRR"}))
    limits = "filter: {minPrice: $min, maxPrice: $max}"
    found = f"getProducts({limits}, sort: PRICE_DESC) {{ nodes {{ sku }} }}"

    def skus(kind: str, **values: int) -> list[str]:
        query = f"query($min: {kind}, $max: {kind}) {{ {found} }}"
        return [each["sku"] for each in done(stranger.graphql(query, **values))["nodes"]]

    assert skus("MinorUnits", min=2**31) == ["D", "C", "B"]
    assert skus("MinorUnits", min=6, max=10**12) == ["C", "B"]
    assert skus("Int", min=1, max=2**31 - 1) == ["A"]
    assert skus("Int!", min=1, max=2**31 - 1) == ["A"]
    by_rest = stranger.rest("GET", f"/products?min_price={2**31}&sort=price_asc").json["data"]
    assert [each["sku"] for each in by_rest] == ["B", "C", "D"]


def test_clients_that_declare_int_still_work(admin: InProcessApi) -> None:
    query = """mutation($amount: Int!) { createProduct(input: {
      sku: "A", title: "A", price: {amount: $amount, currency: "EUR"}
    }) { price { amount } } }"""
    assert done(admin.graphql(query, amount=990))["price"]["amount"] == 990
    nullable = query.replace("Int!", "Int")
    assert "'Int' used in position" in refusal(admin.graphql(nullable, amount=990))[1]
    for other in ("String!", "Float!", "ID!"):
        refused = admin.graphql(query.replace("Int!", other), amount=1)
        assert "used in position" in refusal(refused)[1]


@pytest.mark.parametrize(
    "amount",
    [1.5, "990", True, None, [1], {"$gt": 0}, 2**53, -(2**53), 10**300, 1e308],
    ids=lambda each: str(each)[:20],
)
def test_fractions_are_refused(amount: object, admin: InProcessApi) -> None:
    _, message = refusal(
        admin.graphql(CREATE, sku="A", price={"amount": amount, "currency": "EUR"})
    )
    assert "MinorUnits" in message


@pytest.mark.parametrize("literal", ["1.5", '"990"', "true", "ONE", "[1]", "1e3", "9" * 32])
def test_fractions_are_refused_as_literals(literal: str, admin: InProcessApi) -> None:
    query = f"{{ getProducts(filter: {{maxPrice: {literal}}}) {{ totalCount }} }}"
    _, message = refusal(admin.graphql(query))
    assert "MinorUnits" in message
    assert len(message) < 20_000


def test_number_with_too_many_digits_is_refused_before_validation(admin: InProcessApi) -> None:
    price = {"amount": 10**400, "currency": "EUR"}
    assert "not JSON" in refusal(admin.graphql(CREATE, sku="A", price=price))[1]
    query = "{ getProducts(filter: {maxPrice: DIGITS}) { totalCount } }"
    refused = refusal(admin.graphql(query.replace("DIGITS", "9" * 15_000)))
    assert refused == ("", "A number has too many digits.")


@pytest.mark.parametrize("amount", [-1, MAX_AMOUNT + 1])
def test_amount_out_of_bounds_is_refused_by_name(amount: int, admin: InProcessApi) -> None:
    field = "price.amount"
    price = {"amount": amount, "currency": "EUR"}
    assert refusal(admin.graphql(CREATE, sku="A", price=price))[0] == field
    refused = admin.rest("POST", "/products", {"sku": "A", "title": "A", "price": price})
    assert (refused.status, refused.json["error"]["details"][0]["field"]) == (400, field)


def test_integer_written_with_a_decimal_point_is_accepted(admin: InProcessApi) -> None:
    price = {"amount": 1250.0, "currency": "EUR"}
    assert done(admin.graphql(CREATE, sku="A", price=price))["price"]["amount"] == 1250


@pytest.mark.parametrize("currency", ["XXX", "XTS", "XAU", "XDR", "BGN", "HRK", "idr", "EURO", ""])
def test_code_without_minor_units_or_out_of_use_is_refused_by_name(
    currency: str, admin: InProcessApi
) -> None:
    price = {"amount": 100, "currency": currency}
    assert refusal(admin.graphql(CREATE, sku="A", price=price))[0] == "price.currency"
    refused = admin.rest("POST", "/products", {"sku": "A", "title": "A", "price": price})
    assert (refused.status, refused.json["error"]["details"][0]["field"]) == (400, "price.currency")


def test_schema_has_the_range_of_amounts(stranger: InProcessApi) -> None:
    query = '{ __type(name: "MinorUnits") { kind description } }'
    described = done(stranger.graphql(query))
    assert described["kind"] == "SCALAR"
    assert str(MAX_TOTAL) in described["description"]
