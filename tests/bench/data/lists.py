"""The measured lists, by the collection that grows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from tests.bench.data import grown
from tidings.campaigns.queries import numbers_of_campaigns
from tidings.delivery.models import Notification
from tidings.monitoring.models import FailedMessage
from tidings.monitoring.queries import get_failed_messages
from tidings.monitoring.schemas import FailedMessageFilter
from tidings.notifications.queries import get_unread_count, get_user_notifications
from tidings.notifications.schemas import InboxFilter
from tidings.orders.models import Order
from tidings.orders.queries import get_order, get_orders, get_orders_of_customers
from tidings.orders.schemas import OrderFilter
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import PageRequest
from tidings.products.fields import ProductSort
from tidings.products.models import Product
from tidings.products.queries import get_products
from tidings.products.schemas import ProductFilter
from tidings.recommendations.models import Activity, CustomerProfile
from tidings.recommendations.queries import get_user_activity, get_user_recommendations
from tidings.tasks.models import Task
from tidings.tasks.queries import get_tasks
from tidings.tasks.schemas import TaskFilter, TaskSort

PAGE: Final = PageRequest.model_validate({})
OWNER: Final = Principal(user_id=grown.REGULAR, role=Role.CUSTOMER)
OPERATOR: Final = Principal(user_id=grown.PEOPLE[-1], role=Role.OPERATOR)
# One order a minute: the day ended 500 orders ago.
DAY_END: Final = grown.BEGIN + timedelta(minutes=grown.LAST - 500)
DAY: Final = {
    "created_from": (DAY_END - timedelta(days=1)).isoformat(),
    "created_before": DAY_END.isoformat(),
}
# Ranges of the prices up to 100,000. With 1,000 products, too, they fill a page of 20, alone and in
# one of five categories.
RANGE: Final[dict[str, Any]] = {"min_price": 5_000, "max_price": 8_500}
RANGE_IN_CATEGORY: Final[dict[str, Any]] = {"min_price": 5_000, "max_price": 25_000}
# One product of a hundred: with 1,000 products, too, it fills a page of 5.
NARROW_RANGE: Final[dict[str, Any]] = {"min_price": 5_000, "max_price": 6_000}
SHORT_PAGE: Final = PageRequest.model_validate({"limit": 5})
Call = Callable[[int], Any]


def orders(caller: Principal, **wanted: Any) -> Any:
    return get_orders(PAGE, OrderFilter.model_validate(wanted), caller=caller)


def products(
    sort: ProductSort = ProductSort.NEWEST, page: PageRequest = PAGE, **wanted: Any
) -> Any:
    return get_products(page, ProductFilter.model_validate({"in_stock": True} | wanted), sort)


def tasks(caller: Principal, sort: TaskSort = TaskSort.NEWEST, **wanted: Any) -> Any:
    return get_tasks(PAGE, caller=caller, wanted=TaskFilter.model_validate(wanted), sort=sort)


def inbox(page: PageRequest = PAGE, **wanted: Any) -> Any:
    where = InboxFilter.model_validate(wanted)
    return get_user_notifications(grown.REGULAR, page, caller=OWNER, wanted=where)


def failed(**wanted: Any) -> Any:
    where = FailedMessageFilter.model_validate(wanted)
    return get_failed_messages(PAGE, caller=OPERATOR, wanted=where)


def second_page(first: Callable[[PageRequest], Any]) -> Call:
    after = PageRequest.model_validate({"after": first(PAGE).cursors[-1]})
    return lambda _: first(after)


def of_recommendations() -> dict[str, Call]:
    return {
        "recommendations": lambda n: get_user_recommendations(
            f"{grown.LAST - 1 - n:024x}", 10, caller=OPERATOR
        ),
    }


def of_failed_messages() -> dict[str, Call]:
    return {
        "failed messages": lambda _: failed(),
        "failed messages of a queue": lambda _: failed(queue="inventory"),
    }


def of_tasks() -> dict[str, Call]:
    return {
        "tasks, own": lambda _: tasks(OWNER),
        "tasks, all": lambda _: tasks(OPERATOR),
        "tasks, all by due date": lambda _: tasks(OPERATOR, TaskSort.DUE_AT),
        "tasks, all by priority": lambda _: tasks(OPERATOR, TaskSort.PRIORITY),
    }


def of_products() -> dict[str, Call]:
    return {
        "products, newest": lambda _: products(),
        "products, a category": lambda _: products(category="ink"),
        "products, by price": lambda _: products(ProductSort.PRICE_ASC),
        "products, by title": lambda _: products(ProductSort.TITLE, category="ink"),
        "products, a price range": lambda _: products(**RANGE),
        "products, a price range by price": lambda _: products(ProductSort.PRICE_ASC, **RANGE),
        "products, a price range by title": lambda _: products(ProductSort.TITLE, **RANGE),
        "products, from a price": lambda _: products(min_price=50_000),
        "products of a category, a range": lambda _: products(category="ink", **RANGE_IN_CATEGORY),
        "products, a narrow price range": lambda _: products(page=SHORT_PAGE, **NARROW_RANGE),
        "products of a currency": lambda _: products(currency="EUR"),
        "products, a common word": lambda _: products(search="blue"),
        "products, a rare word": lambda _: products(search=grown.RARE),
        "products, operators'": lambda _: get_products(PAGE, caller=OPERATOR),
    }


def of_notifications() -> dict[str, Call]:
    return {
        "inbox": lambda _: inbox(),
        "inbox, second page": second_page(inbox),
        "inbox, unread": lambda _: inbox(unread_only=True),
        "inbox, one kind": lambda _: inbox(kind="promotion"),
        "campaign's numbers, of 500": lambda _: numbers_of_campaigns([grown.CAMPAIGN]),
        "unread, counted": lambda _: get_unread_count(grown.REGULAR, caller=OWNER),
    }


def of_orders() -> dict[str, Call]:
    one = orders(OWNER).items[0].id
    # Those of the newest documents, which collections of all sizes have.
    several = [grown.REGULAR, *grown.PEOPLE[-19:]]
    return {
        "orders, own": lambda _: orders(OWNER),
        "orders, all": lambda _: orders(OPERATOR),
        "orders, all in a state": lambda _: orders(OPERATOR, state="paid"),
        "orders, one day": lambda _: orders(OPERATOR, **DAY),
        "orders, of 20 people": lambda _: get_orders_of_customers(several, PAGE, caller=OPERATOR),
        "order": lambda _: get_order(one, caller=OWNER),
        "total of all orders": lambda _: orders(OPERATOR).total,
        "total of own orders": lambda _: orders(OWNER).total,
    }


def of_activity() -> dict[str, Call]:
    return {"activity": lambda _: get_user_activity(grown.REGULAR, PAGE, caller=OWNER)}


LISTS: Final[dict[type[Any], Callable[[], dict[str, Call]]]] = {
    CustomerProfile: of_recommendations,
    FailedMessage: of_failed_messages,
    Task: of_tasks,
    Product: of_products,
    Activity: of_activity,
    Notification: of_notifications,
    Order: of_orders,
}
