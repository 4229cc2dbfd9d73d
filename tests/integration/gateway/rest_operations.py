"""Every REST route with a call of it, and the status for each caller; the matrix reads it."""

from dataclasses import dataclass
from typing import Any, Final

from tests.integration.gateway.operations import OPERATIONS, World


@dataclass(frozen=True)
class RestOperation:
    """A path in a world, the GraphQL twin whose input is its body, and the statuses."""

    stranger: int
    owner: int
    other: int
    operator: int
    admin: int
    body_of: str | None = None

    def body(self, world: World) -> Any:
        if self.body_of is None:
            return None
        return _snake_case(OPERATIONS[self.body_of].variables(world)["input"])


def _snake_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name.replace("productId", "product_id"): _snake_case(each)
            for name, each in value.items()
        }
    return [_snake_case(each) for each in value] if isinstance(value, list) else value


def path_in(world: World, route: str) -> str:
    """Return the path of a route with what there is in its places."""
    return route.partition(" ")[2].format(
        user_id=world.customer_id,
        product_id=world.product_id,
        order_id=world.order_id,
        notification_id=world.notification_id,
    )


REST: Final[dict[str, RestOperation]] = {
    "POST /api/v1/register": RestOperation(201, 201, 201, 201, 201, "Mutation.registerUser"),
    "POST /api/v1/login": RestOperation(401, 401, 401, 401, 401, "Mutation.login"),
    "GET /api/v1/users/{user_id}": RestOperation(401, 200, 403, 200, 200),
    "GET /api/v1/products": RestOperation(200, 200, 200, 200, 200),
    "POST /api/v1/products": RestOperation(401, 403, 403, 403, 201, "Mutation.createProduct"),
    "POST /api/v1/orders": RestOperation(401, 201, 201, 201, 201, "Mutation.placeOrder"),
    "GET /api/v1/orders/{order_id}": RestOperation(401, 200, 404, 200, 200),
    "GET /api/v1/notifications/{user_id}": RestOperation(401, 200, 403, 200, 200),
    "GET /api/v1/notifications/unread/{user_id}": RestOperation(401, 200, 403, 200, 200),
    "PUT /api/v1/notifications/read/{notification_id}": RestOperation(401, 200, 404, 404, 404),
    "GET /health": RestOperation(200, 200, 200, 200, 200),
    "GET /api/v1/health": RestOperation(200, 200, 200, 200, 200),
    "GET /.well-known/jwks.json": RestOperation(200, 200, 200, 200, 200),
    "GET /api/v1/.well-known/jwks.json": RestOperation(200, 200, 200, 200, 200),
    "GET /api/v1/openapi.json": RestOperation(200, 200, 200, 200, 200),
}
