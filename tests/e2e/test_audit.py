"""An abuse of rights is found in the audit trail, by the API and by the launcher."""

import json
from uuid import uuid4

from tests.e2e.shop import PASSWORD, Shop
from tests.faults.stack import make


def test_price_is_lowered_and_the_trail_says_who_did_it(
    shop: Shop, admin: Shop, customer: Shop
) -> None:
    product = admin.create_product(stock=3)
    lowered = {"version": 1, "price": {"amount": 1, "currency": "EUR"}}
    request_id = f"request-{uuid4()}"
    changed = admin.rest(
        "PATCH", f"/products/{product}", lowered, headers={"X-Correlation-Id": request_id}
    )
    assert changed.status_code == 200, changed.text
    refused = customer.rest("PATCH", f"/products/{product}", lowered | {"version": 2})
    assert refused.status_code == 403

    found = admin.rest("GET", f"/monitoring/audit?target_id={product}").json()["data"]
    assert [each["operation"] for each in found] == ["update_product", "create_product"]
    act = found[0]
    assert (act["actor_id"], act["outcome"]) == (admin.user_id, "ok")
    assert act["correlation_id"] == request_id
    assert (act["before"]["price"], act["after"]["price"]) == (1250, 1)
    attempts = admin.rest("GET", f"/monitoring/audit?actor_id={customer.user_id}").json()["data"]
    assert [(each["operation"], each["code"]) for each in attempts] == [
        ("update_product", "FORBIDDEN")
    ]
    assert customer.rest("GET", "/monitoring/audit").status_code == 403

    lines = make("audit", f"ID={product}").splitlines()
    printed = [json.loads(each) for each in lines if each.startswith("{")]
    assert [each["id"] for each in printed] == [each["id"] for each in reversed(found)]
    exported = admin.rest("GET", f"/monitoring/audit/export?target_id={product}&limit=1")
    assert exported.headers["Content-Type"] == "application/x-ndjson"
    assert json.loads(exported.text)["id"] == exported.headers["X-Next-After"] == found[1]["id"]
    assert PASSWORD not in exported.text
