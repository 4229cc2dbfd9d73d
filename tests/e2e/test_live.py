"""The live inbox of a deployed stack, through the front door, by a foreign client."""

import ssl
import time
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest

from tests.e2e.shop import Shop
from tests.live_client import LiveClient
from tests.settings import stack_under_test
from tests.waiting import eventually


@pytest.fixture
def open_app(customer: Shop) -> Iterator[LiveClient]:
    """Return the customer's app, which is open."""
    with client_of(customer) as app:
        app.waits_for("ready")
        yield app


def client_of(shop: Shop, last_id: str | None = None) -> LiveClient:
    trust = ssl.create_default_context(cafile=stack_under_test().ca_file)
    headers = {"Authorization": f"Bearer {shop.token}"}
    return LiveClient(shop.api_url, headers, last_id, trust)


def test_order_is_shown_in_the_open_app(admin: Shop, customer: Shop, open_app: LiveClient) -> None:
    product_id = admin.create_product(stock=3)

    order_id = customer.place_order(product_id)

    (shown,) = open_app.waits_for("notification")
    assert (shown["kind"], shown["subject_id"]) == ("order.confirmed", order_id)
    assert [each["id"] for each in customer.inbox_about(order_id)] == open_app.ids()


def test_stream_continues_after_the_connection_was_lost(
    admin: Shop, customer: Shop, open_app: LiveClient
) -> None:
    product_id = admin.create_product(stock=3)
    customer.place_order(product_id)
    open_app.waits_for("notification")
    open_app.close()
    missed = customer.place_order(product_id)
    eventually(lambda: customer.inbox_about(missed))

    with client_of(customer, open_app.last_id) as again:
        (shown,) = again.waits_for("notification")

    assert shown["subject_id"] == missed


def test_signing_out_closes_the_stream(customer: Shop, open_app: LiveClient) -> None:
    assert customer.rest("POST", "/logout", {}).status_code == 200
    assert open_app.ended() == ["session_ended"]
    with client_of(customer) as refused:
        assert refused.status == 401


def test_deleted_account_has_no_stream(customer: Shop, open_app: LiveClient) -> None:
    assert customer.rest("DELETE", f"/users/{customer.user_id}").status_code == 200
    assert open_app.ended() == ["session_ended"]


def test_stream_needs_a_token(shop: Shop) -> None:
    answer = shop.http.get(f"{shop.api_url}/live/inbox")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHENTICATED")
    answer = shop.http.get(f"{shop.api_url}/live/nothing")
    assert answer.status_code == 404


def test_health_and_metrics_of_the_server_are_not_public(shop: Shop) -> None:
    for path in ("/live/health", "/live/metrics", "/live/%2e%2e/health"):
        assert shop.http.get(f"{shop.api_url}{path}").status_code in {403, 404}
    told = httpx.get(f"{stack_under_test().live_url}/health", trust_env=False).json()
    assert told["status"] == "ok"


def test_time_from_the_notification_to_its_event_is_measured(
    admin: Shop, customer: Shop, open_app: LiveClient
) -> None:
    """A busy machine may take longer; tests/bench/live.py measures a quiet one."""
    product_id = admin.create_product(stock=3)
    began = time.time()
    customer.place_order(product_id)
    open_app.waits_for("notification")
    (event,) = [each for each in open_app.events if each.name == "notification"]
    stored_at = datetime.fromisoformat(event.data["created_at"]).timestamp()
    assert began - 1 < stored_at <= event.at + 1
