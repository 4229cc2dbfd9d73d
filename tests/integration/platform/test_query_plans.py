"""Each query of a list uses an index, whatever its filter and its order."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, Final

import pytest
from pymongo import monitoring

from tests.integration.builders import a_person, a_product, an_order
from tests.integration.campaigns.builders import a_campaign, customers
from tests.integration.query_plans import QueryNotes, number_read, without_index
from tests.integration.vouchers.builders import a_voucher, order_with
from tidings.campaigns import audiences
from tidings.campaigns.models import CampaignAudience
from tidings.campaigns.queries import get_campaigns, numbers_of_campaigns, preview_campaign
from tidings.campaigns.schemas import CampaignFilter
from tidings.delivery.operations import get_suppressions
from tidings.monitoring.audit import export_audit_trail, get_audit_trail
from tidings.monitoring.audit_schemas import AuditFilter, ExportAuditTrail
from tidings.monitoring.backlogs import failed_waiting, outbox_backlog
from tidings.monitoring.enforcing import enforce_retention
from tidings.monitoring.explaining.notifications import latest_notifications
from tidings.monitoring.overview.rules import rules
from tidings.monitoring.queries import get_failed_messages
from tidings.monitoring.schemas import FailedMessageFilter
from tidings.monitoring.searching import SearchQuery, search
from tidings.monitoring.states import orders_by_state
from tidings.notifications.inbox import mark_all_notifications_read
from tidings.notifications.live import entries, follow_inbox, recent_ids
from tidings.notifications.positions import Position
from tidings.notifications.queries import (
    get_stored_notifications,
    get_unread_count,
    get_user_notifications,
)
from tidings.notifications.schemas import InboxFilter, MarkAllRead
from tidings.orders.operations import cancel_order
from tidings.orders.queries import get_orders, get_orders_of_customers, latest_orders
from tidings.orders.schemas import CancelOrder, OrderFilter
from tidings.orders.vouchers import return_voucher
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage import database
from tidings.platform.storage.job_runs import failed_runs
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import new_id, now
from tidings.products.fields import ProductSort
from tidings.products.queries import get_products, get_stock_history
from tidings.products.schemas import ProductFilter
from tidings.recommendations.followers import followers_of
from tidings.recommendations.queries import get_user_activity, get_user_recommendations
from tidings.tasks.queries import get_tasks
from tidings.tasks.schemas import TaskFilter, TaskSort
from tidings.users.audience import customers_after, operator_ids
from tidings.users.queries import accounts_with, get_users
from tidings.users.schemas import UserFilter
from tidings.vouchers.erasure import forget as vouchers_of_erased
from tidings.vouchers.queries import get_vouchers, vouchers_of
from tidings.vouchers.schemas import VoucherFilter

OPERATOR: Final = a_person(Role.OPERATOR)
ADMIN: Final = a_person(Role.ADMIN)
CUSTOMER: Final = a_person()
ME: Final = CUSTOMER.user_id
TIME: Final = now().isoformat()
LATER: Final = (now() + timedelta(days=1)).isoformat()
LONG_AGO: Final = now() - timedelta(days=30)
# The embedded MongoDB reads so many documents more than a limit.
READ_AHEAD: Final = 2
# Past the first page of products, which is cached.
PAGE: Final = PageRequest.model_validate({"page": 2})


def orders(caller: Principal, **wanted: Any) -> Any:
    return get_orders(PAGE, OrderFilter.model_validate(wanted), caller=caller)


def inbox(**wanted: Any) -> Any:
    where = InboxFilter.model_validate(wanted)
    return get_user_notifications(ME, PAGE, caller=CUSTOMER, wanted=where)


def products(caller: Principal | None, sort: ProductSort, **wanted: Any) -> Any:
    return get_products(PAGE, ProductFilter.model_validate(wanted), sort, caller=caller)


def tasks(caller: Principal, sort: TaskSort, **wanted: Any) -> Any:
    return get_tasks(PAGE, caller=caller, wanted=TaskFilter.model_validate(wanted), sort=sort)


def failed(**wanted: Any) -> Any:
    where = FailedMessageFilter.model_validate(wanted)
    return get_failed_messages(PAGE, caller=OPERATOR, wanted=where)


def audit(**wanted: Any) -> Any:
    return get_audit_trail(PAGE, caller=ADMIN, wanted=AuditFilter.model_validate(wanted))


def export(**wanted: Any) -> Any:
    wanted["after"] = new_id()
    return export_audit_trail(ExportAuditTrail.model_validate(wanted), caller=ADMIN)


def campaigns(**wanted: Any) -> Any:
    return get_campaigns(PAGE, CampaignFilter.model_validate(wanted), caller=OPERATOR)


def preview(**audience: Any) -> Any:
    return preview_campaign(a_campaign(audience=CampaignAudience(**audience)).id, caller=OPERATOR)


def vouchers(**wanted: Any) -> Any:
    return get_vouchers(PAGE, VoucherFilter.model_validate(wanted), caller=OPERATOR)


def with_a_voucher() -> Any:
    """Place an order with a voucher, cancel it, and give the voucher back."""
    order = order_with(a_voucher().code, a_product(), customer=CUSTOMER, key=new_id())
    cancel_order(order.id, CancelOrder(), caller=CUSTOMER)
    return return_voucher(order.id)


def users(**wanted: Any) -> Any:
    return get_users(UserFilter.model_validate(wanted), PAGE, caller=OPERATOR)


Filters = list[dict[str, Any]]
VOUCHER_FILTERS: Final[Filters] = [{}, {"ended": False}, {"code": "SPRING", "ended": True}]
INBOX_FILTERS: Final[Filters] = [{}, {"unread_only": True}, {"kind": "a.b"}, {"archived": True}]
ORDER_FILTERS: Final[Filters] = [
    {},
    {"state": "paid"},
    {"created_from": TIME},
    {"created_from": TIME, "created_before": LATER, "state": "paid"},
    {"voucher_id": ME},
    {"voucher_id": ME, "state": "paid"},
]
FAILED_FILTERS: Final[Filters] = [
    {},
    {"queue": "a.queue"},
    {"type": "order.placed"},
    {"correlation_id": "c"},
    {"message_id": "m"},
    {"state": "failed"},
    {"error": "no answer"},
    {"failed_from": TIME, "failed_before": LATER},
]
AUDIT_FILTERS: Final[Filters] = [
    {},
    {"actor_id": "a"},
    {"operation": "adjust_stock"},
    {"target_id": "t"},
    {"outcome": "refused"},
    {"correlation_id": "c"},
    {"at_from": TIME, "at_before": LATER},
    {"actor_id": "a", "at_from": TIME},
]
USER_FILTERS: Final[Filters] = [{}, {"search": "ada"}, {"role": "operator"}, {"verified": True}]
CUSTOMER_FILTERS: Final[Filters] = [
    {},
    {"language": "is"},
    {"registered_before": LONG_AGO},
    {"language": "is", "registered_before": LONG_AGO},
]
AUDIENCES: Final[Filters] = [
    {},
    {"language": "is"},
    {"inactive_days": 30},
    {"bought_category": "pens"},
]
CAMPAIGN_FILTERS: Final[Filters] = [{}, {"state": "finished"}]
PRODUCT_FILTERS: Final[Filters] = [
    {},
    {"category": "pens"},
    {"state": "active"},
    {"in_stock": True},
    {"in_stock": False},
    {"currency": "EUR"},
    {"min_price": 5, "max_price": 9},
    {"category": "pens", "currency": "EUR", "max_price": 9},
    {"search": "blue"},
    {"search": "blue pen", "category": "pens"},
]
TASK_FILTERS: Final[Filters] = [
    {},
    {"state": "open"},
    {"priority": "high"},
    {"assignee_id": ME},
    {"label": "urgent"},
    {"due_before": TIME},
    {"due_after": TIME, "due_before": LATER},
    {"text": "call"},
]
# Each worker of pytest-xdist must find tests of the same names.
NAMES: Final[dict[Any, str]] = {TIME: "a time", LATER: "later", LONG_AGO: "long ago", ME: "me"}


def by(wanted: dict[str, Any]) -> str:
    """Return the name of a filter."""
    return ", ".join(f"{name} {NAMES.get(value, value)}" for name, value in wanted.items()) or "all"


CALLS: Final[dict[str, Callable[[], Any]]] = {
    **{f"inbox {by(wanted)}": partial(inbox, **wanted) for wanted in INBOX_FILTERS},
    "unread": lambda: get_unread_count(ME, caller=CUSTOMER),
    "read all": lambda: mark_all_notifications_read(ME, MarkAllRead(), caller=CUSTOMER),
    "stored notifications": lambda: get_stored_notifications(ME, PAGE, caller=CUSTOMER),
    **{
        f"orders {role} {by(wanted)}": partial(orders, who, **wanted)
        for role, who in (("own", CUSTOMER), ("all", OPERATOR))
        for wanted in ORDER_FILTERS
    },
    "orders of a customer": lambda: orders(OPERATOR, customer_id=ME, state="paid"),
    **{f"vouchers {by(wanted)}": partial(vouchers, **wanted) for wanted in VOUCHER_FILTERS},
    "vouchers of a person": lambda: vouchers_of(ME, 10),
    "vouchers of an erased person": lambda: vouchers_of_erased(ME),
    "order with a voucher": with_a_voucher,
    "orders of customers": lambda: get_orders_of_customers([ME], PAGE, caller=CUSTOMER),
    **{
        f"products {role} {sort} {by(wanted)}": partial(products, who, sort, **wanted)
        for role, who in (("all", OPERATOR), ("active", None))
        for sort in ProductSort
        for wanted in PRODUCT_FILTERS
    },
    **{
        f"tasks {role} {sort} {by(wanted)}": partial(tasks, who, sort, **wanted)
        for role, who in (("own", CUSTOMER), ("all", OPERATOR))
        for sort in TaskSort
        for wanted in TASK_FILTERS
    },
    **{f"failed {by(wanted)}": partial(failed, **wanted) for wanted in FAILED_FILTERS},
    **{f"audit {by(wanted)}": partial(audit, **wanted) for wanted in AUDIT_FILTERS},
    **{f"audit export {by(wanted)}": partial(export, **wanted) for wanted in AUDIT_FILTERS},
    **{f"users {by(wanted)}": partial(users, **wanted) for wanted in USER_FILTERS},
    "operators": operator_ids,
    **{
        f"customers {by(wanted)}": partial(customers_after, new_id(), limit=10, **wanted)
        for wanted in CUSTOMER_FILTERS
    },
    **{f"preview {by(wanted)}": partial(preview, **wanted) for wanted in AUDIENCES},
    "stock": lambda: get_stock_history(a_product().id, PAGE, caller=OPERATOR),
    "recommendations": lambda: get_user_recommendations(ME, 10, caller=CUSTOMER),
    "activity": lambda: get_user_activity(ME, PAGE, caller=CUSTOMER),
    "live inbox": lambda: follow_inbox(str(Position.of(now(), [])), caller=CUSTOMER),
    "live inboxes": lambda: recent_ids([new_id(), ME], now()),
    "entries of live inboxes": lambda: entries([new_id()]),
    "followers": lambda: followers_of(new_id(), new_id(), 100),
    **{f"campaigns {by(wanted)}": partial(campaigns, **wanted) for wanted in CAMPAIGN_FILTERS},
    "numbers of campaigns": lambda: numbers_of_campaigns([new_id()]),
    "orders by state": orders_by_state,
    "outboxes": outbox_backlog,
    "failed messages": lambda: failed_waiting(10),
    "rules": lambda: rules(now()),
    "search": lambda: search(SearchQuery(text=new_id()), caller=OPERATOR),
    "latest notifications": lambda: latest_notifications(ME, 20),
    "latest orders": lambda: latest_orders(ME, 10),
    "person by address": lambda: accounts_with(None, "ada@example.com", None, at_most=10),
    "person by number": lambda: accounts_with(None, None, "+49301234567", at_most=10),
    "suppressions": lambda: get_suppressions(PAGE, caller=OPERATOR),
    "failed jobs": failed_runs,
    "retention": lambda: enforce_retention(now()),
}


@pytest.fixture(scope="module")
def notes(services: None) -> QueryNotes:
    """Reconnect with a listener: pymongo accepts listeners only when a client is created."""
    found = QueryNotes()
    monitoring.register(found)
    database.close()
    database.connect()
    return found


@pytest.fixture
def queries(notes: QueryNotes) -> Iterator[QueryNotes]:
    notes.queries.clear()
    notes.is_noting, notes.leaves_out_limited_counts = True, False
    yield notes
    notes.is_noting = False


@pytest.mark.parametrize("name", CALLS)
def test_query_has_an_index(name: str, queries: QueryNotes) -> None:
    found = CALLS[name]()
    queries.leaves_out_limited_counts = True
    getattr(found, "total", None)
    queries.is_noting = False
    assert queries.queries
    plans = {shape: without_index(each) for shape, each in queries.queries.items()}
    assert {shape: plan for shape, plan in plans.items() if plan} == {}


@pytest.mark.parametrize("wanted", CUSTOMER_FILTERS, ids=by)
def test_chunk_of_customers_reads_few_documents(
    wanted: dict[str, Any], queries: QueryNotes
) -> None:
    people = customers(30)
    customers_after(people[9], limit=5, **wanted)
    queries.is_noting = False
    assert queries.queries
    assert max(number_read(each) for each in queries.queries.values()) <= 5 + READ_AHEAD


@pytest.mark.parametrize("audience", AUDIENCES, ids=by)
def test_preview_counts_by_queries_of_few_documents(
    audience: dict[str, Any], queries: QueryNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiences, "PEOPLE_PER_COUNT", 5)
    customers(30)
    preview(**audience)
    queries.is_noting = False
    assert max(number_read(each) for each in queries.queries.values()) <= 5 + READ_AHEAD


def test_oldest_waiting_event_is_found_without_the_others(queries: QueryNotes) -> None:
    product = a_product()
    for _ in range(10):
        an_order(product)
    queries.queries.clear()
    queries.leaves_out_limited_counts = True
    assert outbox_backlog().documents >= 10
    queries.is_noting = False
    assert max(number_read(each) for each in queries.queries.values()) <= 1 + READ_AHEAD
