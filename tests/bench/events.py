"""A backlog of 20,000 events through the running stack into inboxes, beside a plain consumer.

The events make no mails: `mails` measures these, and `orders` measures both together. CPU times are
those of every stack on this machine, so run one alone.
"""

import re
import sys
import time
from typing import Any, Final

import pymongo

from tests.bench.http import cpu_of_stack
from tests.e2e.aws import client
from tests.plain_consumer import measure_plain_consumer
from tests.readers import COMMAND_SECONDS, readers
from tests.settings import stack_under_test
from tests.waiting import eventually
from tidings.delivery.models import Notification
from tidings.orders.events import OrderStatusChanged, OrderStatusChangedData
from tidings.platform.messaging import relay
from tidings.platform.messaging.queues import queue_depths
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_id

EVENTS: Final = 20_000
PLAIN_MESSAGES: Final = 2_000
READERS: Final = 500
LONGEST_SECONDS: Final = 900
FUNCTION: Final = "tidings-notifications"
REPORT: Final = re.compile(r"REPORT .*Memory Size: (\d+) MB.*Max Memory Used: (\d+) MB")
INBOX_ONLY: Final = {"orders": {"inbox": True, "email": False, "push": False}}


def main() -> None:
    """Print a Markdown table. The stack must be up."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    stack = stack_under_test()
    database.connect()
    plain = measure_plain_consumer(stack.amqp_url, stack.mongodb_uri, PLAIN_MESSAGES)
    with readers(READERS, preferences=INBOX_ONLY) as reader_ids:
        began, cpu = time.time(), cpu_of_stack()
        _announce(reader_ids, events)
        announced = time.time() - began
        told = _seconds_until_told(reader_ids, began, events)
        spent = cpu_of_stack()
    ours, used = events / told, _memory(FUNCTION, began)
    functions, mongodb = (
        1000 * (spent[kind] - cpu[kind]) / events for kind in ("functions", "MongoDB")
    )
    sys.stdout.write("<!-- chart: a second -->\n")
    _row(f"{events:,} events", "a second", "time")
    _row("---", "---", "---")
    _row("published with confirms", f"{events / announced:.0f}", f"{announced:.0f} s")
    _row("to inboxes", f"{ours:.0f}", f"{told:.0f} s")
    _row("a plain consumer: one insert and one ack each", f"{plain.per_second:.0f}", "")
    sys.stdout.write("\n")
    _row("", "")
    _row("---", "---")
    _row(
        "CPU of the functions for one event, with those of the recommendations",
        f"{functions:.2f} ms",
    )
    _row("CPU of MongoDB for one event", f"{mongodb:.2f} ms")
    _row("times the plain consumer", f"{ours / plain.per_second:.1f}")
    _row(f"memory of {FUNCTION}, most / granted", f"{used[0]} / {used[1]} MB")


def _announce(reader_ids: list[str], events: int) -> None:
    for start in range(0, events, 500):
        relay.publish_now(
            [_event(reader_ids[n % len(reader_ids)]) for n in range(start, start + 500)]
        )


def _event(reader_id: str) -> OrderStatusChanged:
    data = OrderStatusChangedData(
        order_id=new_id(), customer_id=reader_id, state="packed", previous="paid"
    )
    return OrderStatusChanged(subject=data.order_id, data=data)


def _seconds_until_told(reader_ids: list[str], began: float, events: int) -> float:
    """Return the seconds until each event is in its inbox.

    It counts only after the queue is empty, because counting loads the measured database.
    """
    notifications, emptied = Notification._get_collection(), 0.0

    def is_done() -> bool:
        nonlocal emptied
        time.sleep(0.5)
        depth = queue_depths()["notifications"]
        if depth and depth.messages:
            emptied = 0.0
            return False
        emptied = emptied or time.time()
        with pymongo.timeout(COMMAND_SECONDS):
            found = notifications.count_documents({"user_id": {"$in": reader_ids}})
        return bool(found >= events)

    eventually(is_done, seconds=LONGEST_SECONDS, what="all events")
    return emptied - began


def _memory(function: str, since: float) -> tuple[int, int]:
    """Return the peak memory of a function and its limit, from its REPORT lines."""
    pages: Any = client("logs").get_paginator("filter_log_events")
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
