"""More than 200 requests that read: each list with its filters, orders and pages, by callers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from tests.bench.data import fixed_shop as shop

CONNECTION: Final = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
MONEY: Final = "{ amount currency }"
PRODUCT: Final = f"""id sku title description price {MONEY} attributes categories images stock state
  version createdAt updatedAt"""
ITEMS: Final = f"items {{ productId sku title quantity unitPrice {MONEY} product {{ id title }} }}"
ORDER: Final = f"""id customerId state {ITEMS} total {MONEY} history {{ state at actor userId
  reason }} carrier trackingNumber correlationId createdAt customer {{ id name }}"""
TASK: Final = """id title description state priority dueAt assigneeId labels ownerId version
  createdAt updatedAt"""
NOTIFICATION: Final = """id userId kind category title body subjectId correlationId createdAt readAt
  archivedAt"""
STATUS: Final = """id userId kind category priority templateCode templateVersion language subjectId
  metadata correlationId eventId campaignId createdAt readAt
  deliveries { channel status attempts steps { status at reason } }"""
USER: Final = """id email name role emailVerified createdAt preferences { timeZone language digest
  orders { inbox email push sms webhook } quietHours { start end } }"""
MOVEMENT: Final = "id productId kind change stockAfter reason actorId orderId createdAt"
FAILED: Final = """id messageId queue type function error state correlationId failedAt redriveAt
  history { function error at } acts { act by at reason } payload"""
CAMPAIGN: Final = """id name templateCode voucher variables audience { boughtCategory inactiveDays
  language } schedule { kind at } state nextRunAt version createdAt"""
ACTIVITY: Final = "id kind orderId at items { productId quantity at product { id title } }"


@dataclass(frozen=True)
class Question:
    """A request of a caller: a path of the REST API, or a GraphQL document with its variables."""

    caller: str
    path: str | None = None
    document: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        asked = self.path or f"{' '.join((self.document or '').split())} {self.variables}"
        return f"{self.caller}: {asked}"

    def behind(self, cursor: str) -> "Question":
        """Return the question for the next page."""
        if self.path is None:
            return Question(self.caller, None, self.document, self.variables | {"after": cursor})
        mark = "&" if "?" in self.path else "?"
        return Question(self.caller, f"{self.path}{mark}{urlencode({'after': cursor})}")


Filters = tuple[dict[str, Any], ...]
PRODUCTS: Final[Filters] = (
    {},
    {"category": "pens"},
    {"currency": "EUR"},
    {"min_price": 900, "max_price": 5_050},
    {"min_price": 5_000, "category": "ink"},
    {"in_stock": True},
    {"in_stock": False, "max_price": 1_200},
    {"search": "cafe"},
    {"search": "strasse new", "currency": "EUR"},
)
ORDERS: Final[Filters] = (
    {},
    {"state": "paid"},
    {"customer_id": shop.PEOPLE[0]},
    {"created_from": "2026-11-01T08:30:00Z", "created_before": "2026-11-01T09:30:00Z"},
    {"created_from": "2026-11-01T09:00:00Z", "state": "packed"},
)
TASKS: Final[Filters] = (
    {},
    {"state": "open"},
    {"priority": "high"},
    {"assignee_id": shop.PEOPLE[1]},
    {"label": "urgent"},
    {"due_after": "2026-11-01T09:00:00Z", "due_before": "2026-11-01T12:00:00Z"},
    {"text": "blue"},
)
INBOXES: Final[Filters] = (
    {},
    {"unread_only": True},
    {"kind": "promotion"},
    {"category": "orders"},
    {"archived": True},
)
FAILURES: Final[Filters] = (
    {},
    {"queue": "inventory"},
    {"state": "failed"},
    {"correlation_id": "correlation-3"},
    {"failed_from": "2026-11-01T09:00:00Z", "failed_before": "2026-11-01T11:00:00Z"},
    {"error": "did not"},
)
USERS: Final[Filters] = ({}, {"search": "person 1"}, {"role": "customer"}, {"verified": True})
ENUMS: Final = {"state", "priority", "role"}


def questions() -> Iterator[Question]:
    """Yield them all, always in the same order."""
    yield from _products()
    yield from _orders()
    yield from _tasks()
    yield from _notifications()
    yield from _of_operators()
    yield from _single()


def _rest(caller: str, path: str, **values: Any) -> Question:
    given = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in values.items()
    }
    return Question(caller, f"{path}?{urlencode(given)}" if given else path)


def _list(
    caller: str, name: str, fields: str, wanted: dict[str, Any], input: str, **others: str
) -> Question:
    """Return a GraphQL list; `others` are further arguments as text, such as the order."""
    more = "".join(f" {key}: {value}" for key, value in others.items())
    document = f"""query($filter: {input}, $first: Int, $after: String) {{
      {name}(filter: $filter first: $first after: $after{more}) {{
        {CONNECTION} edges {{ cursor node {{ {fields} }} }} }} }}"""
    return Question(caller, None, document, {"filter": _input(wanted), "first": 7})


def _input(wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        _camel(name): value.upper() if name in ENUMS else value for name, value in wanted.items()
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.title() for each in rest)


def _products() -> Iterator[Question]:
    for sort in ("newest", "price_asc", "price_desc", "title"):
        for wanted in PRODUCTS:
            yield _rest("anyone", "/products", sort=sort, limit=9, **wanted)
            yield _list(
                "anyone", "getProducts", PRODUCT, wanted, "ProductFilterInput", sort=sort.upper()
            )
    for state in ("draft", "active", "retired"):
        yield _rest("operator", "/products", state=state)
        yield _rest("customer", "/products", state=state, page=2, limit=5)
    for wanted in PRODUCTS:
        yield _rest("operator", "/products", limit=30, page=2, **wanted)


def _orders() -> Iterator[Question]:
    for caller in ("customer", "operator", "anyone"):
        for wanted in ORDERS:
            yield _rest(caller, "/orders", limit=6, **wanted)
            yield _list(caller, "getOrders", ORDER, wanted, "OrderFilter")
    yield _rest("customer", "/orders", page=3)
    orders = f"orders(first: 4) {{ {CONNECTION} nodes {{ {ORDER} }} }}"
    yield Question("customer", None, f"{{ me {{ {USER} {orders} }} }}")
    yield Question("operator", None, f"{{ getUsers {{ nodes {{ id {orders} }} }} }}")


def _tasks() -> Iterator[Question]:
    for caller in ("customer", "operator"):
        for sort in ("newest", "due_at", "priority"):
            for wanted in TASKS:
                yield _rest(caller, "/tasks", sort=sort, limit=8, **wanted)
                yield _list(caller, "getTasks", TASK, wanted, "TaskFilterInput", sort=sort.upper())


def _notifications() -> Iterator[Question]:
    mine, others = shop.PEOPLE[:2]
    for wanted in INBOXES:
        yield _rest("customer", f"/notifications/{mine}", limit=10, **wanted)
        yield _rest("operator", f"/notifications/{others}", **wanted)
        given = {_camel(name): value for name, value in wanted.items()}
        arguments = "".join(f" {name}: {json.dumps(value)}" for name, value in given.items())
        document = f"""query($first: Int, $after: String) {{
          getUserNotifications(first: $first after: $after{arguments}) {{
            {CONNECTION} nodes {{ {NOTIFICATION} }} }} }}"""
        yield Question("customer", None, document, {"first": 11})
    yield _rest("customer", f"/notifications/unread/{mine}")
    yield _rest("customer", f"/notifications/{others}")
    yield Question("customer", None, "{ getUnreadCount }")
    for number in (0, 1, 7):
        found = shop.NOTIFICATION_IDS[number]
        yield _rest("customer", f"/notifications/{found}/status")
        document = f"query($id: ID!) {{ getNotificationStatus(id: $id) {{ {STATUS} }} }}"
        yield Question("operator", None, document, {"id": found})


def _of_operators() -> Iterator[Question]:
    for caller in ("operator", "customer"):
        for wanted in FAILURES:
            yield _rest(caller, "/monitoring/failed-messages", limit=5, **wanted)
            yield _list(caller, "getFailedMessages", FAILED, wanted, "FailedMessageFilterInput")
        for wanted in USERS:
            yield _rest(caller, "/users", limit=3, **wanted)
            yield _list(caller, "getUsers", USER, wanted, "UserFilterInput")
        for path in (
            "/campaigns",
            "/campaigns?state=draft",
            "/templates?limit=10",
            "/suppressions",
        ):
            yield _rest(caller, path)
        yield _list(caller, "getCampaigns", CAMPAIGN, {}, "CampaignFilterInput")
        yield _rest(caller, f"/products/{shop.PRODUCT_IDS[0]}/stock", limit=6)
    document = f"""query($first: Int, $after: String) {{
      getStockHistory(productId: "{shop.PRODUCT_IDS[1]}" first: $first after: $after) {{
        {CONNECTION} nodes {{ {MOVEMENT} }} }} }}"""
    yield Question("operator", None, document, {"first": 4})


def _single() -> Iterator[Question]:
    for caller in ("customer", "operator", "anyone"):
        for number in (0, 1, 3):
            yield _rest(caller, f"/products/{shop.PRODUCT_IDS[number]}")
            yield _rest(caller, f"/orders/{shop.ORDER_IDS[number]}")
            yield _rest(caller, f"/tasks/{shop.TASK_IDS[number]}")
            yield _rest(caller, f"/users/{shop.PEOPLE[number]}")
            for name, fields, ids in (
                ("getProduct", PRODUCT, shop.PRODUCT_IDS),
                ("getOrder", ORDER, shop.ORDER_IDS),
                ("getTask", TASK, shop.TASK_IDS),
            ):
                document = f"query($id: ID!) {{ {name}(id: $id) {{ {fields} }} }}"
                yield Question(caller, None, document, {"id": ids[number]})
        yield _rest(caller, "/products/000000000000000000000000")
        yield _rest(caller, "/orders?limit=0")
        yield _rest(caller, "/tasks?after=nonsense")
        yield Question(caller, None, "{ me { nothing } }")
    mine = shop.PEOPLE[0]
    for path in (
        f"/recommendations/{mine}",
        f"/users/{mine}/activity",
        f"/users/{mine}/push-tokens",
    ):
        yield _rest("customer", path)
    yield Question(
        "customer", None, f"{{ getUserActivity {{ {CONNECTION} nodes {{ {ACTIVITY} }} }} }}"
    )
    yield _rest("operator", "/templates/order_confirmed")
