"""Services are killed while an app is open: it shows each notification once."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.shop import Shop
from tests.faults import stack
from tests.live_client import LiveClient
from tests.settings import stack_under_test
from tests.waiting import eventually


class App:
    """An app that connects again with the last id when its connection was lost."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._shown: list[str] = []
        self._last_id: str | None = None
        self._client: LiveClient | None = None
        eventually(self._is_connected, what="the app is connected")

    def shows(self, *orders: str) -> None:
        """Wait until the confirmation of each order was shown; each only once.

        An order whose answer was lost is shown, too.
        """
        eventually(lambda: self._is_connected() and set(orders) <= set(self._orders()))
        shown = self._orders()
        assert len(shown) == len(set(shown))

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _orders(self) -> list[str]:
        assert self._client is not None
        now = [each["subject_id"] for each in self._client.named("notification")]
        return [*self._shown, *now]

    def _is_connected(self) -> bool:
        if self._client is not None and self._client.is_alive:
            return bool(self._client.named("ready"))
        if self._client is not None:
            self._shown = self._orders()
            self._last_id = self._client.last_id or self._last_id
            self._client.close()
        self._client = self._connected()
        return False

    def _connected(self) -> LiveClient | None:
        headers = {"Authorization": f"Bearer {self._shop.token}"}
        trust = ssl.create_default_context(cafile=stack_under_test().ca_file)
        client = LiveClient(self._shop.api_url, headers, self._last_id, trust)
        try:
            return client.__enter__()
        except httpx.HTTPError:  # nothing listens now
            return None


@pytest.fixture
def customer(shop: Shop) -> Shop:
    return shop.register()


@pytest.fixture
def app(customer: Shop) -> Iterator[App]:
    opened = App(customer)
    yield opened
    opened.close()


@pytest.mark.parametrize("service", ["live", "redis-cache", "redis", "bridge", "runner"])
def test_open_app_shows_each_notification_once_after_a_kill(
    service: str, admin: Shop, customer: Shop, app: App
) -> None:
    product_id = admin.create_product(stock=9)
    orders = [customer.place_order(product_id)]
    app.shows(*orders)
    stack.kill(service)
    if service == "runner":  # it takes the orders
        stack.wait_for(service)
    orders.append(eventually(lambda: _placed(customer, product_id)))
    app.shows(*orders)
    stack.wait_for(service)
    orders.append(eventually(lambda: _placed(customer, product_id)))
    app.shows(*orders)


def _placed(customer: Shop, product_id: str) -> str:
    """Place an order; return its id, or nothing while a service is away."""
    try:
        return customer.place_order(product_id)
    except (AssertionError, httpx.HTTPError, ValueError, KeyError):
        return ""


def test_end_of_a_session_closes_the_stream_after_redis_was_killed(
    customer: Shop, app: App
) -> None:
    stack.kill("redis")
    stack.wait_for("redis")
    eventually(lambda: customer.rest("POST", "/logout", {}).status_code == 200)
    assert app._client is not None
    assert app._client.ended() == ["session_ended"]
