"""The way of orders through all functions in this process, in the batches of the bridge."""

import copy
import importlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Final

from tests.integration.builders import CONTEXT, Queues, a_reader, token_of
from tests.unit.platform.builders import api_event
from tidings.platform.security.auth import Principal
from tidings.products.schemas import ProductView

# The consumers in the order of their events: queue, function, and its batch size in template.yaml.
CONSUMERS: Final = (
    ("inventory", "products.inventory", 50),
    ("orders", "orders.orders", 50),
    ("notifications", "notifications.notifications", 50),
    ("recommendations", "recommendations.recommendations", 50),
    ("recommendations", "recommendations.recommendations", 50),
    ("email.queue", "delivery.deliver", 50),
)


WORK: Final = api_event({"items": [{"product_id": str(each)} for each in range(10)]})
COPIES: Final = 20
YARDSTICK_MS: Final = 0.25
"""The CPU time of the yardstick on the machine of the bounds. It is calculated, not measured: an
order took about 10 ms there, and takes about 42 yardsticks."""


def yardstick() -> None:
    """Do some of Python's own work, which becomes slower on a busy machine as functions do."""
    for _ in range(COPIES):
        json.loads(json.dumps(copy.deepcopy(WORK)))


@dataclass
class Cost:
    """CPU seconds of this process and database commands, by function.

    The yardstick is measured after each batch, because CPU seconds depend on the machine and on
    what else runs on it: up to five times as many were seen for the same work.
    """

    cpu_seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    commands: dict[str, Counter[str]] = field(default_factory=dict)
    batches: Counter[str] = field(default_factory=Counter)
    yardsticks: list[float] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        """Return the CPU time of all functions, in milliseconds of an idle machine of 2026."""
        return YARDSTICK_MS * sum(self.cpu_seconds.values()) / fmean(self.yardsticks)

    @contextmanager
    def of(self, function: str, names: list[str]) -> Iterator[None]:
        """Add the work in this context."""
        names.clear()
        started = time.process_time()
        yield
        self.cpu_seconds[function] += time.process_time() - started
        self.commands.setdefault(function, Counter()).update(names)
        self.batches[function] += 1
        started = time.process_time()
        yardstick()
        self.yardsticks.append(time.process_time() - started)


def customers(number: int) -> list[Principal]:
    """Return people who are told about their orders in the inbox and by mail."""
    return [a_reader(devices=0) for _ in range(number)]


def requests(
    buyers: Sequence[Principal], products: Sequence[ProductView], number: int
) -> list[dict[str, Any]]:
    """Return proxy events of orders, each of two products."""
    bearers = [f"Bearer {token_of(each)}" for each in buyers]
    return [
        api_event(
            {
                "items": [
                    {"product_id": products[(n + k) % len(products)].id, "quantity": 1}
                    for k in range(2)
                ]
            },
            headers={"Authorization": bearers[n % len(bearers)]},
        )
        for n in range(number)
    ]


def walk_alone(placed: Sequence[dict[str, Any]], queues: Queues, names: list[str]) -> Cost:
    """Place orders one after the other, each with batches of one message; return the cost."""
    cost = Cost()
    for each in placed:
        walk([each], queues, names, cost)
    return cost


def walk(
    placed: Sequence[dict[str, Any]],
    queues: Queues,
    names: list[str],
    cost: Cost | None = None,
) -> Cost:
    """Place orders and handle all messages that follow; return the cost.

    Args:
        names: the list to which the names of database commands are added.
        cost: the cost to which this is added; by default a new one.
    """
    cost = cost or Cost()
    place = importlib.import_module("orders.place_order").handler
    with cost.of("place-order", names):
        answers = [place(each, CONTEXT) for each in placed]
    assert {each["statusCode"] for each in answers} == {201}, json.loads(answers[0]["body"])
    for queue, function, size in CONSUMERS:
        handler = importlib.import_module(function).handler
        messages = queues.take(queue, len(placed))
        for start in range(0, len(messages), size):
            event = queues.event_of(queue, messages[start : start + size])
            with cost.of(function, names):
                handler(event, CONTEXT)
    return cost
