"""Measure an urgent mail behind 10,000 ordinary ones on the running stack."""

import json
import ssl
import sys
import urllib.request
from datetime import datetime
from statistics import median
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pymongo

from tests.e2e.aws import invoke
from tests.e2e.shop import Shop
from tests.readers import COMMAND_SECONDS, readers
from tests.settings import StackUnderTest, stack_under_test
from tests.waiting import eventually
from tidings.notifications.creating import MAX_RECIPIENTS, create_notifications
from tidings.notifications.drafting import NotificationContent
from tidings.platform.messaging import outbox, relay
from tidings.platform.storage import database

BACKLOG = 10_000
URGENT = 5
PROMISED_SECONDS = 5.0
QUEUE = "email.queue"


def main() -> None:
    """Print a Markdown table. The stack must be up."""
    stack = stack_under_test()
    database.connect()
    with httpx.Client(verify=ssl.create_default_context(cafile=stack.ca_file), timeout=60) as http:
        machine = _sign_in(Shop(stack.api_url, http))
        with readers(MAX_RECIPIENTS) as reader_ids:
            _time_of(machine, reader_ids[0])  # starts the functions' environments
            with pymongo.timeout(COMMAND_SECONDS * BACKLOG // MAX_RECIPIENTS):
                _fill(stack, reader_ids)
            before = _waiting(stack)
            seconds = [_time_of(machine, reader_ids[0]) for _ in range(URGENT)]
            after = _waiting(stack)
    _row("", "")
    _row("---", "---")
    _row(
        f"ordinary mails in {QUEUE}, at the first / after the last urgent one",
        f"{before:,} / {after:,}",
    )
    _row(f"urgent mail, accepted to sent, median of {URGENT}", f"{median(seconds):.2f} s")
    _row("the slowest", f"{max(seconds):.2f} s")
    _row(
        f"promised: under {PROMISED_SECONDS:.0f} s",
        "held" if max(seconds) < PROMISED_SECONDS else "NOT HELD",
    )


def _sign_in(shop: Shop) -> Shop:
    made = invoke("tidings-create-service", {"name": "Benchmark"})
    token = shop.rest("POST", "/service-sessions", made).json()["data"]["access_token"]
    return Shop(shop.api_url, shop.http, token)


def _fill(stack: StackUnderTest, reader_ids: list[str]) -> None:
    """Create notifications faster than mails are sent, until this number of them waits."""
    while _waiting(stack) < BACKLOG:
        outbox.begin_noting()
        create_notifications(reader_ids, _content())
        relay.publish_stored()


def _content() -> NotificationContent:
    number = uuid4().hex
    return NotificationContent(
        kind="order.status_update",
        category="orders",
        template_code="order_status_update",
        variables={"order_id": number, "state": "packed"},
        subject_id=number,
        dedupe=number,
        event_id=number,
        channels=frozenset({"email"}),
    )


def _time_of(machine: Shop, reader_id: str) -> float:
    """Return the seconds from the acceptance of an urgent mail to its sending."""
    body = {
        "notification_type": "email",
        "user_id": reader_id,
        "template_code": "order_status_update",
        "variables": {"order_id": "7", "state": "packed"},
        "request_id": uuid4().hex,
        "priority": "urgent",
    }
    accepted = machine.rest("POST", "/notifications", body)
    assert accepted.status_code == 202, accepted.text
    path = f"/notifications/{accepted.json()['data']['id']}/status"

    def times() -> dict[str, datetime] | None:
        (email,) = machine.rest("GET", path).json()["data"]["deliveries"]
        found = {each["status"]: datetime.fromisoformat(each["at"]) for each in email["steps"]}
        # The provider may report the arrival before the mail is recorded as sent.
        return found if {"sent", "delivered"} & set(found) else None

    steps = eventually(times, seconds=120)
    assert steps is not None
    sent_at = steps.get("sent") or steps["delivered"]
    return (sent_at - steps["accepted"]).total_seconds()


def _waiting(stack: StackUnderTest) -> int:
    """Return the number of messages in RabbitMQ's ordinary queue."""
    url, amqp = urlsplit(stack.rabbitmq_api_url), urlsplit(stack.amqp_url)
    host = amqp.path[1:] or "%2F"
    address = f"{url.scheme}://{url.hostname}:{url.port}/api/queues/{host}/{QUEUE}"
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, address, url.username or "", url.password or "")
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPBasicAuthHandler(passwords)
    )
    with opener.open(address, timeout=10) as answer:
        return int(json.load(answer)["messages"])


def _row(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")


if __name__ == "__main__":
    main()
