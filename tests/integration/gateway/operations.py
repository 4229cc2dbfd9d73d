"""Every GraphQL operation with a call of it, and what comes of it for whom.

A new operation gets a row here: the matrix of roles and owners, and the attacks, read it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

OK: Final = "ok"
NOBODY: Final = "UNAUTHENTICATED"
FORBIDDEN: Final = "FORBIDDEN"
NOT_FOUND: Final = "NOT_FOUND"


@dataclass(frozen=True)
class World:
    """What there is: a customer with an order and a notification, and a product."""

    customer_id: str
    product_id: str
    order_id: str
    notification_id: str


@dataclass(frozen=True)
class Operation:
    """A document, its variables in a world, and the outcome for each caller."""

    document: str
    variables: Callable[[World], dict[str, Any]]
    stranger: str
    owner: str
    other: str
    operator: str
    admin: str


def _nothing(_: World) -> dict[str, Any]:
    return {}


def _of(stranger: str, owner: str, other: str, operator: str, admin: str) -> dict[str, str]:
    return {
        "stranger": stranger,
        "owner": owner,
        "other": other,
        "operator": operator,
        "admin": admin,
    }


PUBLIC: Final = _of(OK, OK, OK, OK, OK)
SIGNED_IN: Final = _of(NOBODY, OK, OK, OK, OK)
ADMINS: Final = _of(NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, OK)
OWN_OR_OPERATORS: Final = _of(NOBODY, OK, FORBIDDEN, OK, OK)

OPERATIONS: Final[dict[str, Operation]] = {
    # ------------------------------------------------------------------- users
    "Query.me": Operation("query { me { id email orders { totalCount } } }", _nothing, **SIGNED_IN),
    "Query.getUser": Operation(
        "query($id: ID!) { getUser(id: $id) { id email orders { totalCount } } }",
        lambda world: {"id": world.customer_id},
        **OWN_OR_OPERATORS,
    ),
    "Mutation.registerUser": Operation(
        "mutation($input: RegisterUserInput!) { registerUser(input: $input) { email } }",
        lambda _: {
            "input": {
                "email": f"{uuid4().hex}@example.com",
                "password": "correct horse battery",
                "name": "Ada",
            }
        },
        **PUBLIC,
    ),
    "Mutation.login": Operation(
        "mutation($input: LoginInput!) { login(input: $input) { accessToken } }",
        lambda _: {"input": {"email": "nobody@example.com", "password": "guess"}},
        **_of(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY),
    ),
    # ---------------------------------------------------------------- products
    "Query.getProducts": Operation(
        "query($first: Int, $after: String)"
        " { getProducts(first: $first, after: $after) { nodes { id } totalCount } }",
        lambda _: {"first": 5, "after": None},
        **PUBLIC,
    ),
    "Mutation.createProduct": Operation(
        "mutation($input: CreateProductInput!) { createProduct(input: $input) { id } }",
        lambda _: {
            "input": {
                "sku": f"S-{uuid4().hex[:12]}",
                "title": "Pen",
                "description": "Writes.",
                "price": {"amount": 100, "currency": "EUR"},
                "stock": 3,
            }
        },
        **ADMINS,
    ),
    # ------------------------------------------------------------------ orders
    "Query.getOrder": Operation(
        "query($id: ID!) { getOrder(id: $id) { id customer { email } } }",
        lambda world: {"id": world.order_id},
        **_of(NOBODY, OK, NOT_FOUND, OK, OK),
    ),
    "Mutation.placeOrder": Operation(
        "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { id } }",
        lambda world: {"input": {"items": [{"productId": world.product_id, "quantity": 1}]}},
        **SIGNED_IN,
    ),
    # ----------------------------------------------------------- notifications
    "Query.getUserNotifications": Operation(
        "query($userId: ID, $unreadOnly: Boolean, $first: Int, $after: String) {"
        " getUserNotifications(userId: $userId, unreadOnly: $unreadOnly, first: $first,"
        " after: $after) { nodes { id } totalCount } }",
        lambda world: {
            "userId": world.customer_id,
            "unreadOnly": True,
            "first": 5,
            "after": None,
        },
        **OWN_OR_OPERATORS,
    ),
    "Mutation.markNotificationRead": Operation(
        "mutation($id: ID!) { markNotificationRead(id: $id) { id readAt } }",
        lambda world: {"id": world.notification_id},
        **_of(NOBODY, OK, NOT_FOUND, NOT_FOUND, NOT_FOUND),
    ),
}
