"""One call of every REST route, with its status for each caller by the operations."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Final

from executable import operation_of_field

from tests.contract.project import routes
from tests.integration.gateway.operations import OPERATIONS, TEMPLATE, World
from tests.integration.gateway.rights import (
    CALLERS,
    FORBIDDEN,
    NOT_FOUND,
    OK,
    UNAUTHENTICATED,
    outcome,
)
from tidings.delivery.tracking_links import click_url, open_url
from tidings.delivery.unsubscribe_links import unsubscribe_url
from tidings.platform.timing.clock import new_id, now
from tidings.products.stock_links import confirm_url

# Input fields that REST has in the path.
IN_PATH: Final = {"id", "userId", "orderId"}
ENUMS: Final = {
    "state",
    "priority",
    "platform",
    "role",
    "digest",
    "kind",
    "notificationType",
    "reach",
}
# An input field that REST has in a header.
IN_HEADERS: Final = {"idempotencyKey"}
STATUSES: Final = {UNAUTHENTICATED: 401, FORBIDDEN: 403, NOT_FOUND: 404}
BAD_CREDENTIALS: Final = {"client_id": "nobody", "client_secret": "guess"}


@dataclass(frozen=True)
class RestSample:
    """The parts of a route's call besides its path.

    The body is the input of the GraphQL field with the same operation, unless `body` or `file` is
    given. `but` has the statuses that do not follow from the operation's declaration, by caller.
    """

    file: str | None = None
    body: dict[str, str] | None = None
    user_in_body: bool = False
    query: str = ""
    # Refusals are pages, too.
    is_page: bool = False
    but: Mapping[str, int] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        return "text/csv" if self.file else "application/json"


def sample_of(route: str) -> RestSample:
    """Return the parts of a route's call."""
    return SAMPLES.get(route, RestSample())


def expected_status(route: str, who: str) -> int:
    """Return the status of a call for a caller."""
    contract = getattr(routes()[route].load(), "contract", None)
    if who in sample_of(route).but:
        return sample_of(route).but[who]
    if contract is None:
        return 200
    if contract.operation is None:
        return int(contract.status)
    code = outcome(contract.operation, who)
    return int(contract.status) if code == OK else STATUSES[code]


def content_of(route: str, world: World) -> bytes | None:
    """Return the body of a call."""
    sample, contract = sample_of(route), getattr(routes()[route].load(), "contract", None)
    if sample.file is not None:
        return sample.file.encode()
    if sample.body is not None:
        return json.dumps(sample.body).encode()
    if contract is None or contract.body is None:
        return None
    variables = OPERATIONS[_twins()[contract.operation.name]].variables(world)
    given = variables.get("input", variables)
    user = {"user_id": given["userId"]} if sample.user_in_body else {}
    return json.dumps(_in_rest(given) | user).encode()


@cache
def _twins() -> dict[str, str]:
    """Return a field of GraphQL for each operation."""
    return {operation_of_field(*name.split(".")).name: name for name in OPERATIONS}


def _in_rest(given: dict[str, Any]) -> dict[str, Any]:
    """Convert GraphQL input to REST's form."""
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
    """Return the path of a route with values for its parameters."""
    is_inbox = route == "GET /api/v1/notifications/{id}"
    token = unsubscribe_url(world.customer_id, "orders", world.notification_id)
    if route == "GET /api/v1/opens/{token}":
        token = open_url(world.notification_id)
    if "/stock-notices/" in route:
        token = confirm_url(new_id(), world.product_id, now() + timedelta(days=1))
    link = click_url(world.notification_id, "https://shop.example.com/")
    return route.partition(" ")[2].format(
        id=world.customer_id if is_inbox else world.notification_id,
        user_id=world.customer_id,
        product_id=world.product_id,
        order_id=world.order_id,
        task_id=world.task_id,
        token_id=world.push_token_id,
        token=token.rpartition("/")[2],
        link=link.rpartition("/")[2],
        notification_id=world.notification_id,
        template_code=TEMPLATE,
        message_id=world.failed_message_id,
        domain="orders",
        suppression_id=world.suppression_id,
        voucher_id=world.voucher_id,
        campaign_id={
            "pause": world.waiting_campaign_id,
            "resume": world.paused_campaign_id,
        }.get(route.rpartition("/")[2], world.draft_campaign_id),
    )


SAMPLES: Final[dict[str, RestSample]] = {
    "POST /api/v1/login": RestSample(but=dict.fromkeys(CALLERS, 401)),
    "POST /api/v1/service-sessions": RestSample(
        body=BAD_CREDENTIALS, but=dict.fromkeys(CALLERS, 401)
    ),
    # The account has no phone.
    "POST /api/v1/users/{user_id}/phone/verification": RestSample(but={"owner": 422}),
    "POST /api/v1/users/{user_id}/phone/verify": RestSample(but={"owner": 422}),
    "PUT /api/v1/users/{user_id}/contact-points": RestSample(body={}),
    "POST /api/v1/tasks/upload": RestSample(file="title,state\r\nCall,open\r\n"),
    "DELETE /api/v1/suppressions/{suppression_id}": RestSample(
        query="?reason=The+mailbox+works+again."
    ),
    "DELETE /api/v1/monitoring/failed-messages/{message_id}": RestSample(
        query="?reason=Nobody+needs+it."
    ),
    # A draft waits for no winner.
    "POST /api/v1/campaigns/{campaign_id}/winner": RestSample(
        but=dict.fromkeys(("operator", "admin"), 422)
    ),
    "POST /api/v1/notifications": RestSample(user_in_body=True),
    # The callers' baskets are empty.
    "POST /api/v1/basket/order": RestSample(
        but=dict.fromkeys(("owner", "other", "operator", "admin"), 409)
    ),
    # The world's product is in stock.
    "POST /api/v1/products/{product_id}/stock-subscription": RestSample(
        body={"email": "ada@example.com"}, but=dict.fromkeys(CALLERS, 409)
    ),
    "POST /api/v1/stock-notices/{token}": RestSample(is_page=True, but=dict.fromkeys(CALLERS, 409)),
    # Another service sent that notification.
    "POST /api/v1/notifications/{id}/cancel": RestSample(but={"service": 404}),
    "POST /api/v1/notifications/{id}/retract": RestSample(but={"service": 404}),
    "PATCH /api/v1/notifications/{id}": RestSample(but={"service": 404}),
    "GET /api/v1/notifications/{id}/status": RestSample(but={"service": 404}),
}
