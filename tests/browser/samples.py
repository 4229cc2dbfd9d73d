"""A real place for each page whose path has an id, made through the API of the running stack."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import pika

from tests.browser.operators import Account
from tests.e2e.shop import Shop
from tests.settings import stack_under_test
from tests.waiting import eventually


@dataclass(frozen=True)
class World:
    """The API and the accounts that make things for pages."""

    shop: Shop
    accounts: dict[str, Account]

    def as_role(self, role: str) -> Shop:
        """Return the API signed in as an operator or administrator."""
        account = self.accounts[role]
        return self.shop.login(account.email, account.password)


CREATE_CAMPAIGN: Final = "mutation($i: CreateCampaignInput!) { createCampaign(input: $i) { id } }"


def a_draft(world: World) -> str:
    """Return the id of a new campaign."""
    wanted = {
        "name": "Winter days: everything for writing",
        "templateCode": "promotion",
        "schedule": {"kind": "NEXT_FRIDAY"},
        "audience": {"language": "x-winter", "inactiveDays": 90, "boughtCategory": "pens"},
        "voucher": "WINTER-10",
    }
    made = world.as_role("operator").graphql(CREATE_CAMPAIGN, i=wanted)
    return str(made["createCampaign"]["id"])


CREATE_VOUCHER: Final = "mutation($i: CreateVoucherInput!) { createVoucher(input: $i) { id } }"


def _of_a_voucher(page: str) -> Callable[[World], str]:
    def place(world: World) -> str:
        wanted = {"name": "Winter days", "percent": "12.5", "currency": "EUR", "totalLimit": 500}
        made = world.as_role("operator").graphql(CREATE_VOUCHER, i=wanted)
        return f"vouchers/{made['createVoucher']['id']}{page}"

    return place


def a_failed_message(world: World, *, queue: str = "inventory", body: str = "no event") -> str:
    """Publish a message that its consumer refuses; return the id of the failed message."""
    message_id = uuid4().hex
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    address = pika.URLParameters(stack_under_test().amqp_url)
    with closing(pika.BlockingConnection(address)) as connection:
        connection.channel().basic_publish("", queue, body.encode(), properties)
    operator = world.as_role("operator")
    path = f"/monitoring/failed-messages?message_id={message_id}"
    (found,) = eventually(lambda: operator.rest("GET", path).json()["data"])
    return str(found["id"])


def _of_a_campaign(page: str) -> Callable[[World], str]:
    return lambda world: f"campaigns/{a_draft(world)}{page}"


def _order(world: World) -> tuple[Shop, str]:
    """Place an order, and wait until its customer is told of it."""
    product = world.as_role("admin").create_product(stock=3)
    customer = world.shop.register("Ada")
    order = customer.place_order(product)
    eventually(lambda: customer.inbox_about(order), what="a notification of the order")
    return customer, order


def _notification(world: World) -> str:
    customer, order = _order(world)
    return f"notifications/{customer.inbox_about(order)[0]['id']}"


# A page with `{name}` in its path needs a row here: the function makes the thing, and returns
# the place of its page.
SAMPLES: Final[dict[str, Callable[[World], str]]] = {
    **{
        f"campaigns/{{campaign_id}}{page}": _of_a_campaign(page)
        for page in ("", "/preview", "/copy", "/winner", "/start", "/pause", "/resume", "/stop")
    },
    "failed-messages/{message_id}": lambda world: f"failed-messages/{a_failed_message(world)}",
    "failed-messages/{message_id}/edit": lambda world: (
        f"failed-messages/{a_failed_message(world)}/edit"
    ),
    "templates/{template_code}": lambda _: "templates/order_confirmed",
    "templates/{template_code}/rollback": lambda _: "templates/order_confirmed/rollback",
    "vouchers/{voucher_id}": _of_a_voucher(""),
    "vouchers/{voucher_id}/end": _of_a_voucher("/end"),
    "orders/{order_id}": lambda world: f"orders/{_order(world)[1]}",
    "notifications/{notification_id}": _notification,
    "persons/{person_id}": lambda world: f"persons/{_order(world)[0].user_id}",
}
