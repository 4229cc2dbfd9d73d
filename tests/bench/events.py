"""Measure the time and memory for 10,000 events to inbox, mail and push on the running stack."""

import re
import sys
import time
from typing import Any

import pymongo

from tests.e2e.aws import client
from tests.readers import COMMAND_SECONDS, readers
from tests.waiting import eventually
from tidings.delivery.models import Notification
from tidings.orders.events import OrderStatusChanged, OrderStatusChangedData
from tidings.platform.messaging import relay
from tidings.platform.messaging.queues import queue_depths
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_id

EVENTS = 10_000
READERS = 500
LONGEST_SECONDS = 3600
FUNCTIONS = ("tidings-notifications", "tidings-deliver-email", "tidings-deliver-push")
REPORT = re.compile(r"REPORT .*Memory Size: (\d+) MB.*Max Memory Used: (\d+) MB")


def main() -> None:
    """Print a Markdown table. The stack must be up."""
    database.connect()
    with readers(READERS, with_devices=True) as reader_ids:
        began = time.time()
        _announce(reader_ids)
        announced = time.time() - began
        told = _seconds_until(reader_ids, began, {}, empty=("notifications",))
        sent = _seconds_until(reader_ids, began, SENT, empty=("email.queue", "push.queue"))
        duplicates = _sent_again(reader_ids)
    _row("", "")
    _row("---", "---")
    _row("events", f"{EVENTS:,}")
    _row("published with confirms", f"{announced:.0f} s")
    _row("in the inbox", f"{told:.0f} s, {EVENTS / told:.0f} a second")
    _row("also mailed and pushed", f"{sent:.0f} s, {2 * EVENTS / sent:.0f} messages a second")
    _row("sent twice", duplicates)
    for function in FUNCTIONS:
        used, size = _memory(function, began)
        _row(f"memory of {function}, most / granted", f"{used} / {size} MB")


# The provider may have reported the arrival already.
HANDED_OVER = {"$in": ["sent", "delivered"]}
SENT = {"deliveries.email.status": HANDED_OVER, "deliveries.push.status": HANDED_OVER}


def _announce(reader_ids: list[str]) -> None:
    for start in range(0, EVENTS, 500):
        relay.publish_now(
            [_event(reader_ids[n % len(reader_ids)]) for n in range(start, start + 500)]
        )


def _event(reader_id: str) -> OrderStatusChanged:
    data = OrderStatusChangedData(
        order_id=new_id(), customer_id=reader_id, state="packed", previous="paid"
    )
    return OrderStatusChanged(subject=data.order_id, data=data)


def _seconds_until(
    reader_ids: list[str], began: float, wanted: dict[str, Any], *, empty: tuple[str, ...]
) -> float:
    """Return the seconds until the handling of every event reached this point.

    It counts only after these queues are empty, because counting loads the measured database.
    """
    found = {"user_id": {"$in": reader_ids}} | wanted
    notifications = Notification._get_collection()

    def is_done() -> bool:
        time.sleep(1)
        depths = queue_depths()
        if any(depth.messages for name in empty if (depth := depths[name])):
            return False
        with pymongo.timeout(COMMAND_SECONDS):
            return bool(notifications.count_documents(found) >= EVENTS)

    eventually(is_done, seconds=LONGEST_SECONDS, what="all events")
    return time.time() - began


def _sent_again(reader_ids: list[str]) -> int:
    """Return the number of messages that were recorded as sent twice."""
    with pymongo.timeout(COMMAND_SECONDS):
        found = list(Notification.objects(user_id__in=reader_ids).only("deliveries"))
    deliveries = [delivery for each in found for delivery in each.deliveries.values()]
    times = [sum(step.status == "sent" for step in each.steps) for each in deliveries]
    return sum(each - 1 for each in times if each > 1)


def _memory(function: str, since: float) -> tuple[int, int]:
    """Return the peak memory of a function and its limit, from its REPORT lines."""
    pages = client("logs").get_paginator("filter_log_events")
    found = pages.paginate(
        logGroupName=f"/aws/lambda/{function}",
        startTime=int(since * 1000),
        filterPattern="REPORT",
    )
    lines = [REPORT.search(event["message"]) for page in found for event in page["events"]]
    reports = [(int(m[2]), int(m[1])) for m in lines if m]
    return max(reports, default=(0, 0))


def _row(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")


if __name__ == "__main__":
    main()
