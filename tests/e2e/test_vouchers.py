"""A voucher on the running stack: created by REST, used by GraphQL, given back by an event."""

from typing import Any
from uuid import uuid4

from tests.e2e.shop import Shop
from tests.waiting import eventually

PREVIEW = """query($i: PlaceOrderInput!) {
  previewOrder(input: $i) { subtotal { amount } discount { amount } total { amount } }
}"""
PLACE = """mutation($i: PlaceOrderInput!) {
  placeOrder(input: $i) { id total { amount currency } discount { amount } voucherCode }
}"""
CANCEL = "mutation($id: ID!) { cancelOrder(id: $id) { state } }"
USES = "query($id: ID!) { getVoucher(id: $id) { uses discounted state } }"


def test_voucher_reduces_an_order_and_is_given_back(admin: Shop, customer: Shop) -> None:
    product, code = admin.create_product(stock=9, amount=1250), f"E2E-{uuid4().hex[:12]}".upper()
    new = {"name": "Sale", "code": code, "percent": "10", "currency": "EUR", "total_limit": 1}
    created = admin.rest("POST", "/vouchers", new)
    assert created.status_code == 201, created.text
    voucher_id = created.json()["data"]["id"]

    def uses() -> Any:
        return admin.graphql(USES, id=voucher_id)["getVoucher"]

    wanted = {"items": [{"productId": product, "quantity": 2}], "voucherCode": code.lower()}
    preview = customer.graphql(PREVIEW, i=wanted)["previewOrder"]
    assert {name: each["amount"] for name, each in preview.items()} == {
        **{"subtotal": 2500, "discount": 250, "total": 2250}
    }
    order = customer.graphql(PLACE, i=wanted)["placeOrder"]
    assert (order["total"], order["discount"]) == (
        {"amount": 2250, "currency": "EUR"},
        {"amount": 250},
    )
    assert uses() == {"uses": 1, "discounted": 250, "state": "USED_UP"}
    body = {"items": [{"product_id": product, "quantity": 1}], "voucher_code": code}
    refused = customer.rest("POST", "/orders", body)
    assert (refused.status_code, refused.json()["error"]["message"]) == (
        *(422, "This voucher is used up."),
    )

    customer.graphql(CANCEL, id=order["id"])
    eventually(lambda: uses()["state"] == "ACTIVE", what="the voucher is given back")
    assert uses() == {"uses": 0, "discounted": 0, "state": "ACTIVE"}
    assert customer.rest("POST", "/orders", body).status_code == 201
    told = eventually(
        lambda: [each for each in customer.inbox_about(order["id"]) if code in each["body"]],
        what="the notification of the cancellation",
    )
    assert "is not used up by this order" in told[0]["body"]
