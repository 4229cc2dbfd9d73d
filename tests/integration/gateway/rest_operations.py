"""Every REST route with a call of it, and the status for each caller; the matrix reads it."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from tests.integration.gateway.operations import OPERATIONS, TEMPLATE, World
from tidings.delivery.unsubscribe import unsubscribe_url

# What is said in the path, where GraphQL says it in the input.
IN_PATH: Final = {"id", "userId", "orderId"}
ENUMS: Final = {"state", "priority", "platform", "role", "digest", "kind", "notificationType"}
# What is a header in REST.
IN_HEADERS: Final = {"idempotencyKey"}
BAD_CREDENTIALS: Final = {"client_id": "nobody", "client_secret": "guess"}


@dataclass(frozen=True)
class RestOperation:
    """The status for each caller, and where the body comes from.

    `body_of` names the GraphQL twin, whose input it is; `body` and `file` have no twin.
    """

    stranger: int
    owner: int
    other: int
    operator: int
    admin: int
    body_of: str | None = None
    file: str | None = None
    body: dict[str, str] | None = None
    user_in_body: bool = False
    # A machine, where it is neither treated like a stranger nor refused.
    service: int | None = None

    def expected(self, who: str) -> int:
        """Return the status for a caller; machines may what anybody may, and little more."""
        if who == "service" and self.service is None:
            return 403 if self.stranger == 401 else self.stranger
        status: int = getattr(self, who)
        return status

    query: str = ""

    @property
    def content_type(self) -> str:
        return "text/csv" if self.file else "application/json"

    def content(self, world: World) -> bytes | None:
        """Return the body."""
        if self.file is not None:
            return self.file.encode()
        if self.body is not None:
            return json.dumps(self.body).encode()
        if self.body_of is None:
            return None
        variables = OPERATIONS[self.body_of].variables(world)
        given = variables.get("input", variables)
        user = {"user_id": given["userId"]} if self.user_in_body else {}
        return json.dumps(_in_rest(given) | user).encode()


def _in_rest(given: dict[str, Any]) -> dict[str, Any]:
    """Return GraphQL input as REST takes it."""
    elsewhere = IN_PATH | IN_HEADERS
    return {_snake_case(k): _value(k, v) for k, v in given.items() if k not in elsewhere}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _in_rest(value)
    if isinstance(value, list):
        return [_value(name, each) for each in value]
    return value.lower() if name in ENUMS else value


def _snake_case(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower()


def path_in(world: World, route: str) -> str:
    """Return the path of a route with what there is in its places."""
    is_inbox = route == "GET /api/v1/notifications/{id}"
    link = unsubscribe_url(world.customer_id, "orders", world.notification_id)
    return route.partition(" ")[2].format(
        id=world.customer_id if is_inbox else world.notification_id,
        user_id=world.customer_id,
        product_id=world.product_id,
        order_id=world.order_id,
        task_id=world.task_id,
        token_id=world.push_token_id,
        token=link.rpartition("/")[2],
        notification_id=world.notification_id,
        template_code=TEMPLATE,
        message_id=world.failed_message_id,
        suppression_id=world.suppression_id,
        campaign_id={
            "pause": world.waiting_campaign_id,
            "resume": world.paused_campaign_id,
        }.get(route.rpartition("/")[2], world.draft_campaign_id),
    )


REST: Final[dict[str, RestOperation]] = {
    # --------------------------------------------------------- recommendations
    "POST /api/v1/users/{user_id}/purchase": RestOperation(
        401, 201, 403, 201, 201, "Mutation.logPurchase"
    ),
    "POST /api/v1/users/{user_id}/browse": RestOperation(
        401, 202, 403, 202, 202, "Mutation.logBrowse"
    ),
    "GET /api/v1/users/{user_id}/activity": RestOperation(401, 200, 403, 200, 200),
    "GET /api/v1/recommendations/{user_id}": RestOperation(401, 200, 403, 200, 200),
    # ------------------------------------------------------------------- users
    "POST /api/v1/register": RestOperation(201, 201, 201, 201, 201, "Mutation.registerUser"),
    "POST /api/v1/verify-email": RestOperation(200, 200, 200, 200, 200, "Mutation.verifyEmail"),
    "POST /api/v1/verify-email/resend": RestOperation(
        200, 200, 200, 200, 200, "Mutation.resendVerification"
    ),
    "POST /api/v1/login": RestOperation(401, 401, 401, 401, 401, "Mutation.login", service=401),
    "POST /api/v1/refresh": RestOperation(200, 200, 200, 200, 200, "Mutation.refreshSession"),
    "POST /api/v1/logout": RestOperation(401, 200, 200, 200, 200, "Mutation.logout"),
    "POST /api/v1/password/forgot": RestOperation(
        200, 200, 200, 200, 200, "Mutation.requestPasswordReset"
    ),
    "POST /api/v1/password/reset": RestOperation(200, 200, 200, 200, 200, "Mutation.resetPassword"),
    "GET /api/v1/users": RestOperation(401, 403, 403, 200, 200),
    "GET /api/v1/users/{user_id}": RestOperation(401, 200, 403, 200, 200),
    "PATCH /api/v1/users/{user_id}": RestOperation(
        401, 200, 403, 403, 403, "Mutation.updateProfile"
    ),
    "DELETE /api/v1/users/{user_id}": RestOperation(401, 200, 403, 403, 200),
    "PUT /api/v1/users/{user_id}/preferences": RestOperation(
        401, 200, 403, 403, 403, "Mutation.updateUserPreferences"
    ),
    "PUT /api/v1/users/{user_id}/role": RestOperation(
        401, 403, 403, 403, 200, "Mutation.setUserRole"
    ),
    "GET /api/v1/users/{user_id}/push-tokens": RestOperation(401, 200, 403, 200, 200),
    "POST /api/v1/users/{user_id}/push-tokens": RestOperation(
        401, 201, 403, 403, 403, "Mutation.registerPushToken"
    ),
    "DELETE /api/v1/users/{user_id}/push-tokens/{token_id}": RestOperation(401, 200, 403, 403, 403),
    "POST /api/v1/service-sessions": RestOperation(
        401, 401, 401, 401, 401, body=BAD_CREDENTIALS, service=401
    ),
    "GET /api/v1/users/{user_id}/export": RestOperation(401, 200, 403, 403, 200),
    "PUT /api/v1/users/{user_id}/contact-points": RestOperation(401, 200, 403, 403, 403),
    # ---------------------------------------------------------------- products
    "GET /api/v1/products": RestOperation(200, 200, 200, 200, 200),
    "POST /api/v1/products": RestOperation(401, 403, 403, 403, 201, "Mutation.createProduct"),
    "GET /api/v1/products/{product_id}": RestOperation(200, 200, 200, 200, 200),
    "PATCH /api/v1/products/{product_id}": RestOperation(
        401, 403, 403, 200, 200, "Mutation.updateProduct"
    ),
    "GET /api/v1/products/{product_id}/stock": RestOperation(401, 403, 403, 200, 200),
    "POST /api/v1/products/{product_id}/stock": RestOperation(
        401, 403, 403, 200, 200, "Mutation.adjustStock"
    ),
    # ------------------------------------------------------------------ orders
    "GET /api/v1/orders": RestOperation(401, 200, 200, 200, 200),
    "POST /api/v1/orders": RestOperation(401, 201, 201, 201, 201, "Mutation.placeOrder"),
    "GET /api/v1/orders/{order_id}": RestOperation(401, 200, 404, 200, 200),
    "POST /api/v1/orders/{order_id}/cancel": RestOperation(
        401, 200, 404, 200, 200, "Mutation.cancelOrder"
    ),
    "PUT /api/v1/orders/{order_id}/status": RestOperation(
        401, 403, 403, 200, 200, "Mutation.updateOrderStatus"
    ),
    # ------------------------------------------------------------------- tasks
    "GET /api/v1/tasks": RestOperation(401, 200, 200, 200, 200),
    "POST /api/v1/tasks": RestOperation(401, 201, 201, 201, 201, "Mutation.createTask"),
    "POST /api/v1/tasks/upload": RestOperation(
        401, 200, 200, 200, 200, file="title,state\r\nCall,open\r\n"
    ),
    "GET /api/v1/tasks/{task_id}": RestOperation(401, 200, 404, 200, 200),
    "PATCH /api/v1/tasks/{task_id}": RestOperation(401, 200, 404, 200, 200, "Mutation.updateTask"),
    "DELETE /api/v1/tasks/{task_id}": RestOperation(401, 200, 404, 200, 200),
    # ---------------------------------------------------------------- delivery
    "GET /api/v1/unsubscribe/{token}": RestOperation(200, 200, 200, 200, 200),
    "POST /api/v1/unsubscribe/{token}": RestOperation(200, 200, 200, 200, 200),
    "GET /api/v1/suppressions": RestOperation(401, 403, 403, 200, 200),
    "DELETE /api/v1/suppressions/{suppression_id}": RestOperation(
        401, 403, 403, 200, 200, query="?reason=The+mailbox+works+again."
    ),
    # --------------------------------------------------------------- templates
    "GET /api/v1/templates": RestOperation(401, 403, 403, 200, 200),
    "POST /api/v1/templates": RestOperation(401, 403, 403, 201, 201, "Mutation.createTemplate"),
    "GET /api/v1/templates/{template_code}": RestOperation(401, 403, 403, 200, 200),
    "PUT /api/v1/templates/{template_code}": RestOperation(
        401, 403, 403, 200, 200, "Mutation.updateTemplate"
    ),
    "POST /api/v1/templates/{template_code}/preview": RestOperation(
        401, 403, 403, 200, 200, "Query.previewTemplate"
    ),
    "POST /api/v1/templates/{template_code}/rollback": RestOperation(
        401, 403, 403, 200, 200, "Mutation.rollbackTemplate"
    ),
    # ----------------------------------------------------------- notifications
    "GET /api/v1/notifications/{id}": RestOperation(401, 200, 403, 200, 200),
    "GET /api/v1/notifications/unread/{user_id}": RestOperation(401, 200, 403, 200, 200),
    "PUT /api/v1/notifications/read/{notification_id}": RestOperation(401, 200, 404, 404, 404),
    "PUT /api/v1/notifications/read-all/{user_id}": RestOperation(
        401, 200, 403, 403, 403, "Mutation.markAllNotificationsRead"
    ),
    "PUT /api/v1/notifications/archive/{notification_id}": RestOperation(401, 200, 404, 404, 404),
    "DELETE /api/v1/notifications/archive/{notification_id}": RestOperation(
        401, 200, 404, 404, 404
    ),
    "DELETE /api/v1/notifications/{id}": RestOperation(401, 200, 404, 404, 404),
    "POST /api/v1/notifications": RestOperation(
        *(401, 403, 403, 202, 202), "Mutation.sendNotification", user_in_body=True, service=202
    ),
    "POST /api/v1/notifications/{id}/cancel": RestOperation(401, 403, 403, 200, 200, service=404),
    "GET /api/v1/notifications/{id}/status": RestOperation(401, 200, 404, 200, 200, service=200),
    # --------------------------------------------------------------- campaigns
    "GET /api/v1/campaigns": RestOperation(401, 403, 403, 200, 200),
    "POST /api/v1/campaigns": RestOperation(401, 403, 403, 201, 201, "Mutation.createCampaign"),
    "GET /api/v1/campaigns/{campaign_id}": RestOperation(401, 403, 403, 200, 200),
    "GET /api/v1/campaigns/{campaign_id}/preview": RestOperation(401, 403, 403, 200, 200),
    "POST /api/v1/campaigns/{campaign_id}/start": RestOperation(401, 403, 403, 200, 200),
    "POST /api/v1/campaigns/{campaign_id}/pause": RestOperation(401, 403, 403, 200, 200),
    "POST /api/v1/campaigns/{campaign_id}/resume": RestOperation(401, 403, 403, 200, 200),
    "POST /api/v1/campaigns/{campaign_id}/stop": RestOperation(401, 403, 403, 200, 200),
    # -------------------------------------------------------------- operations
    "GET /api/v1/monitoring/failed-messages": RestOperation(401, 403, 403, 200, 200),
    "POST /api/v1/monitoring/failed-messages/redrive": RestOperation(
        401, 403, 403, 200, 200, "Mutation.redriveFailedMessages"
    ),
    "DELETE /api/v1/monitoring/failed-messages/{message_id}": RestOperation(
        401, 403, 403, 200, 200, query="?reason=Nobody+needs+it."
    ),
    "GET /api/v1/monitoring/queues": RestOperation(401, 403, 403, 200, 200),
    "GET /metrics": RestOperation(200, 200, 200, 200, 200),
    "GET /health": RestOperation(200, 200, 200, 200, 200),
    "GET /api/v1/health": RestOperation(200, 200, 200, 200, 200),
    "GET /.well-known/jwks.json": RestOperation(200, 200, 200, 200, 200),
    "GET /api/v1/.well-known/jwks.json": RestOperation(200, 200, 200, 200, 200),
    "GET /api/v1/openapi.json": RestOperation(200, 200, 200, 200, 200),
}
