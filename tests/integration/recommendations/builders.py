"""Builders for tests of recommendations."""

from datetime import datetime
from typing import Any

from tests.integration.builders import an_address
from tidings.orders.events import OrderConfirmed, OrderConfirmedData, OrderedLine
from tidings.platform.messaging.events import EVENT_CLASSES
from tidings.platform.messaging.outbox import OutboxDocument, take_stored
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id, now
from tidings.products.schemas import ProductView
from tidings.recommendations.activity import store_buffered_views
from tidings.recommendations.events import ActivityPurchased, ActivityPurchasedData
from tidings.recommendations.lists import forget_popular
from tidings.recommendations.models import Activity, CustomerProfile, Demand, Row
from tidings.recommendations.operations import learn, log_browse, log_purchase
from tidings.recommendations.queries import get_user_recommendations
from tidings.recommendations.schemas import (
    ActivityView,
    LogBrowse,
    LogPurchase,
    RecommendationView,
)
from tidings.users.models import User


def a_customer(**preferences: object) -> Principal:
    """Return a person with an account."""
    user = User(email=an_address(), name="Ada", password_hash="none", role=Role.CUSTOMER.value)
    user.preferences = preferences
    return Principal(user_id=user.save().id, role=Role.CUSTOMER)


def buys(
    person: Principal,
    *products: ProductView,
    order_id: str | None = None,
    at: datetime | None = None,
) -> ActivityView:
    """Log a purchase without counting it yet."""
    items = [{"product_id": each.id} for each in products]
    bought = LogPurchase.model_validate({"items": items, "order_id": order_id, "purchased_at": at})
    return log_purchase(person.user_id, bought, caller=person, at=at)


def looks_at(person: Principal, *products: ProductView, at: datetime | None = None) -> None:
    """Log views and store them at once, without counting them yet."""
    views = [{"product_id": each.id, "viewed_at": at} for each in products]
    looked = LogBrowse.model_validate({"views": views})
    log_browse(person.user_id, looked, caller=person, at=at)
    store_buffered_views(person.user_id, at or now())


def confirmed(
    person: Principal, *products: ProductView, order_id: str | None = None
) -> OrderConfirmed:
    order_id = order_id or new_id()
    lines = [OrderedLine(product_id=each.id, quantity=1) for each in products]
    data = OrderConfirmedData(
        order_id=order_id, customer_id=person.user_id, total=100, currency="EUR", lines=lines
    )
    return OrderConfirmed(subject=order_id, data=data)


def waiting(kind: type[OutboxDocument]) -> list[Any]:
    """Return the events in the outboxes of a kind of documents."""
    return [
        EVENT_CLASSES[entry.type].model_validate_json(entry.body)
        for document in kind.objects.order_by("pk")
        for entry in document.outbox
    ]


def learn_all() -> int:
    """Count all uncounted activities, as the consumer does a minute later; return their number."""
    forget_popular()
    deeds = list(Activity.objects(counted=False, void=False).order_by("pk"))
    for deed in deeds:
        data = ActivityPurchasedData(activity_id=deed.id, user_id=deed.user_id, product_ids=[])
        learn(ActivityPurchased(subject=deed.id, data=data))
    Activity.objects.update(set__outbox=[])
    take_stored()
    return len(deeds)


def list_of(person: Principal, limit: int = 50) -> list[RecommendationView]:
    return get_user_recommendations(person.user_id, limit, caller=person).items


def titles_of(person: Principal, limit: int = 50) -> list[str]:
    return [each.product.title for each in list_of(person, limit)]


def rows() -> dict[str, Any]:
    """Return the sums without rounding errors."""
    found: dict[str, Any] = {}
    for kind in (Demand, Row):
        for each in kind._get_collection().find().sort("_id"):
            found.setdefault(each["_id"], {}).update(_rounded(each))
    return dict(sorted(found.items()))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: _rounded(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in (0.0, {}, [])}
    return round(value, 9) if isinstance(value, float) else value


def taste_of(person: Principal) -> CustomerProfile:
    profile: CustomerProfile = CustomerProfile.objects.get(pk=person.user_id)
    return profile
