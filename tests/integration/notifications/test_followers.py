"""Followers of a product are notified: each once, for any number of them."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.integration.builders import a_product, a_reader, at_once
from tests.integration.monitoring.builders import break_template
from tests.integration.notifications.builders import the_notification, where
from tests.integration.recommendations.builders import buys, learn_all, looks_at
from tidings.delivery.models import Notification
from tidings.notifications import telling
from tidings.notifications.events import TellFollowers
from tidings.notifications.forecasting import forecast_followers
from tidings.notifications.models import FollowedEvent
from tidings.notifications.notifying import notify
from tidings.notifications.telling import tell_followers
from tidings.platform.messaging import outbox
from tidings.platform.security.auth import Principal
from tidings.platform.timing.clock import now
from tidings.products.events import ProductBackInStock, ProductBackInStockData
from tidings.products.schemas import ProductView
from tidings.recommendations.followers import followers_of
from tidings.recommendations.models import CustomerProfile

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("unpublished")


def back_in_stock(product: ProductView) -> ProductBackInStock:
    data = ProductBackInStockData(
        product_id=product.id, sku=product.sku, title=product.title, stock=3
    )
    return ProductBackInStock(subject=product.id, data=data)


def next_command() -> TellFollowers:
    """Return the last stored command."""
    entry = FollowedEvent.objects(audience=None).first().outbox[-1]
    return TellFollowers.model_validate_json(entry.body)


def tell_all(event: ProductBackInStock) -> int:
    """Handle all chunks; return their number."""
    notify(event)
    chunks = 0
    while FollowedEvent.objects(finished_at=None, audience=None):
        tell_followers(next_command())
        chunks += 1
    return chunks


def told() -> list[str]:
    return sorted(Notification.objects(kind="product.back_in_stock").scalar("user_id"))


def a_looker(product: ProductView, at: datetime | None = None, **more: Any) -> Principal:
    reader = a_reader(**more)
    looks_at(reader, product, at=at)
    learn_all()
    return reader


def test_person_who_viewed_and_did_not_buy_since_is_notified() -> None:
    mug, pen, at = a_product(title="Mug"), a_product(title="Pen"), now()
    looked = a_looker(mug, at - DAY)
    bought_before = a_looker(mug, at - DAY)
    buys(bought_before, mug, at=at - 2 * DAY)
    bought = a_looker(mug, at - DAY)
    buys(bought, mug, at=at)
    a_looker(pen)
    learn_all()
    tell_all(back_in_stock(mug))
    assert told() == sorted([looked.user_id, bought_before.user_id])


def test_old_view_does_not_count() -> None:
    mug = a_product()
    a_looker(mug)
    assert followers_of(mug.id, None, 10, at=now() + 29 * DAY).user_ids
    assert not followers_of(mug.id, None, 10, at=now() + 31 * DAY).user_ids


def test_preference_for_stock_is_respected() -> None:
    mug = a_product()
    reader = a_looker(mug, stock={"email": False})
    tell_all(back_in_stock(mug))
    notification = the_notification(reader)
    assert notification.category == "stock"
    assert where(notification, "email")[:2] == ("suppressed", "preferences")
    assert where(notification, "push")[0] == "queued"


def test_followers_are_notified_in_chunks_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MAX_RECIPIENTS", 2)
    mug = a_product()
    people = sorted(a_looker(mug).user_id for _ in range(5))
    event = back_in_stock(mug)
    notify(event)
    first = next_command()
    for _ in range(3):  # it is repeated, also late
        tell_followers(first)
    at_once([partial(tell_followers, next_command())] * 3)
    assert told() == people[:4]
    tell_followers(next_command())
    assert told() == people
    notify(event)
    assert FollowedEvent.objects(finished_at=None, audience=None).count() == 0
    tell_followers(first)
    assert told() == people


def test_crash_after_a_chunk_leaves_no_follower_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "MAX_RECIPIENTS", 2)
    mug = a_product()
    people = sorted(a_looker(mug).user_id for _ in range(3))
    notify(back_in_stock(mug))
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "change", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tell_followers(next_command())
    assert told() == people[:2]
    tell_followers(next_command())
    tell_followers(next_command())
    assert told() == people


def test_followers_are_found_by_an_index() -> None:
    keys = [
        list(each["key"]) for each in CustomerProfile._get_collection().index_information().values()
    ]
    named = [[name for name, *_ in each] for each in keys]
    assert ["viewed.product_id", "_id"] in named


def test_redrive_of_a_chunk_is_forecast_by_rendering_its_first_messages() -> None:
    product = a_product()
    reader, event = a_looker(product), back_in_stock(product)
    notify(event)
    assert forecast_followers(next_command(), renders=True) is None
    version = break_template("product_back_in_stock", "title")
    found = forecast_followers(next_command(), renders=True)
    assert found is not None
    assert found.outcome == "would_fail"
    assert f"product_back_in_stock v{version}, email.text, line 3" in found.reason
    assert forecast_followers(next_command(), renders=False) is None
    assert reader.user_id not in told()
