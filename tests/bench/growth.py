"""Measure how lists grow: the same calls with 1,000, 20,000 and 200,000 documents.

The domains' functions are called in this process, in a database of their own that is removed
afterwards. A tenth of the documents belongs to the person who asks. Filling ends after
`FILL_SECONDS`; a size that is not reached is left out.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import psutil
import pymongo
from pymongo import monitoring

SIZES: Final = (1_000, 20_000, 200_000)
CALLS: Final = 40
CALL_SECONDS: Final = 30.0
FILL_SECONDS: Final = 1200.0
GOAL: Final = 1.3
# `make bench` itself keeps the table as growth.json.
JSON: Final = Path(".tidings/bench/growth-figures.json")

os.environ["TIDINGS_DATABASE_PREFIX"] = f"tidings_growth_{secrets.token_hex(4)}"

# The settings are read when the modules are first used.
from tests.bench.data import grown  # noqa: E402
from tests.settings import stack_under_test  # noqa: E402
from tidings.campaigns.models import Campaign, CampaignAudience, CampaignSchedule  # noqa: E402
from tidings.campaigns.queries import numbers_of_campaigns  # noqa: E402
from tidings.monitoring.queries import get_failed_messages  # noqa: E402
from tidings.monitoring.schemas import FailedMessageFilter  # noqa: E402
from tidings.notifications.queries import get_unread_count, get_user_notifications  # noqa: E402
from tidings.notifications.schemas import InboxFilter  # noqa: E402
from tidings.orders.queries import get_order, get_orders  # noqa: E402
from tidings.orders.schemas import OrderFilter  # noqa: E402
from tidings.platform.security.auth import Principal, Role  # noqa: E402
from tidings.platform.settings import settings  # noqa: E402
from tidings.platform.storage import database  # noqa: E402
from tidings.platform.storage.pagination import PageRequest  # noqa: E402
from tidings.products.fields import ProductSort  # noqa: E402
from tidings.products.queries import get_products  # noqa: E402
from tidings.products.schemas import ProductFilter  # noqa: E402
from tidings.recommendations.queries import (  # noqa: E402
    get_user_activity,
    get_user_recommendations,
)
from tidings.tasks.queries import get_tasks  # noqa: E402
from tidings.tasks.schemas import TaskFilter, TaskSort  # noqa: E402

PAGE: Final = PageRequest.model_validate({})
OWNER: Final = Principal(user_id=grown.REGULAR, role=Role.CUSTOMER)
OPERATOR: Final = Principal(user_id=grown.PEOPLE[-1], role=Role.OPERATOR)
Call = Callable[[int], Any]


class Measured(NamedTuple):
    """Milliseconds of a call: its 95th percentile; CPU of this process and of the database."""

    p95: float
    own: float
    database: float
    commands: float

    @property
    def cpu(self) -> float:
        """The CPU of both, which other programs on the machine change least."""
        return self.own + self.database


class Commands(monitoring.CommandListener):
    """Counts database commands."""

    number = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.number += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


COMMANDS: Final = Commands()


def orders(caller: Principal, **wanted: Any) -> Any:
    return get_orders(PAGE, OrderFilter.model_validate(wanted), caller=caller)


def products(sort: ProductSort = ProductSort.NEWEST, **wanted: Any) -> Any:
    return get_products(PAGE, ProductFilter.model_validate({"in_stock": True} | wanted), sort)


def tasks(caller: Principal, sort: TaskSort = TaskSort.NEWEST, **wanted: Any) -> Any:
    return get_tasks(PAGE, caller=caller, wanted=TaskFilter.model_validate(wanted), sort=sort)


def inbox(page: PageRequest = PAGE, **wanted: Any) -> Any:
    where = InboxFilter.model_validate(wanted)
    return get_user_notifications(grown.REGULAR, page, caller=OWNER, wanted=where)


def failed(**wanted: Any) -> Any:
    where = FailedMessageFilter.model_validate(wanted)
    return get_failed_messages(PAGE, caller=OPERATOR, wanted=where)


def second_page(first: Callable[[PageRequest], Any]) -> Call:
    after = PageRequest.model_validate({"after": first(PAGE).cursors[-1]})
    return lambda _: first(after)


def calls() -> dict[str, Call]:
    """Return the measured calls; some need stored documents to be made."""
    one = orders(OWNER).items[0].id
    return {
        "inbox": lambda _: inbox(),
        "inbox, second page": second_page(inbox),
        "inbox, unread": lambda _: inbox(unread_only=True),
        "inbox, one kind": lambda _: inbox(kind="promotion"),
        "orders, own": lambda _: orders(OWNER),
        "orders, all": lambda _: orders(OPERATOR),
        "orders, all in a state": lambda _: orders(OPERATOR, state="paid"),
        "orders, one day": lambda _: orders(
            OPERATOR, created_from=grown.BEGIN.isoformat(), created_before=_after_a_day()
        ),
        "order": lambda _: get_order(one, caller=OWNER),
        "products, newest": lambda _: products(),
        "products, a category": lambda _: products(category="ink"),
        "products, by price": lambda _: products(ProductSort.PRICE_ASC),
        "products, by title": lambda _: products(ProductSort.TITLE, category="ink"),
        "products, a price range": lambda _: products(min_price=5_000, max_price=6_000),
        "products, from a price": lambda _: products(min_price=50_000),
        "products, a price range by price": lambda _: products(
            ProductSort.PRICE_ASC, min_price=5_000, max_price=6_000
        ),
        "products, a range by title": lambda _: products(
            ProductSort.TITLE, min_price=5_000, max_price=6_000
        ),
        "products of a category, a range": lambda _: products(
            category="ink", min_price=5_000, max_price=6_000
        ),
        "products of a currency": lambda _: products(currency="EUR"),
        "products, a common word": lambda _: products(search="blue"),
        "products, a rare word": lambda _: products(search=grown.RARE),
        "products, operators'": lambda _: get_products(PAGE, caller=OPERATOR),
        "tasks, own": lambda _: tasks(OWNER),
        "tasks, all": lambda _: tasks(OPERATOR),
        "tasks, all by due date": lambda _: tasks(OPERATOR, TaskSort.DUE_AT),
        "tasks, all by priority": lambda _: tasks(OPERATOR, TaskSort.PRIORITY),
        "failed messages": lambda _: failed(),
        "failed messages of a queue": lambda _: failed(queue="inventory"),
        "recommendations": lambda n: get_user_recommendations(f"{n:024x}", 10, caller=OPERATOR),
        "activity": lambda _: get_user_activity(grown.REGULAR, PAGE, caller=OWNER),
        "campaign's numbers, of 500": lambda _: numbers_of_campaigns([grown.CAMPAIGN]),
        "total of all orders": lambda _: orders(OPERATOR).total,
        "total of own orders": lambda _: orders(OWNER).total,
        "unread, counted": lambda _: get_unread_count(grown.REGULAR, caller=OWNER),
    }


def _after_a_day() -> str:
    return (grown.BEGIN + timedelta(days=1)).isoformat()


def measure(call: Call, server: psutil.Process | None) -> Measured:
    """Call until there are enough calls, or no more time."""
    call(0)
    spent, own, begun = [], time.process_time(), time.monotonic()
    busy, commands = _cpu(server), COMMANDS.number
    for number in range(1, CALLS + 1):
        start = time.perf_counter()
        call(number)
        spent.append((time.perf_counter() - start) * 1000)
        if time.monotonic() - begun > CALL_SECONDS:
            break
    times = len(spent)
    return Measured(
        p95=sorted(spent)[int(0.95 * (times - 1))],
        own=(time.process_time() - own) * 1000 / times,
        database=(_cpu(server) - busy) * 1000 / times,
        commands=(COMMANDS.number - commands) / times,
    )


def _cpu(server: psutil.Process | None) -> float:
    if server is None:
        return 0.0
    used = server.cpu_times()
    return float(used.user + used.system)


def _server(uri: str) -> psutil.Process | None:
    """Return the process of the database if it runs on this machine."""
    port = urlsplit(uri).port
    for each in psutil.net_connections("tcp"):
        if each.status == psutil.CONN_LISTEN and each.laddr[1:] == (port,) and each.pid:
            return psutil.Process(each.pid)
    return None


@contextmanager
def own_database() -> Iterator[None]:
    monitoring.register(COMMANDS)
    client = database.connect()
    prefix = settings().database_prefix
    assert prefix.startswith("tidings_growth_")
    try:
        yield
    finally:
        with pymongo.timeout(600):
            for name in database.DATABASES:
                for collection in client[f"{prefix}_{name}"].list_collection_names():
                    client[f"{prefix}_{name}"][collection].drop()
                client.drop_database(f"{prefix}_{name}")


def main() -> None:
    """Print a Markdown table, and write the figures as JSON."""
    server = _server(stack_under_test().mongodb_uri)
    results: dict[int, dict[str, Measured]] = {}
    with own_database():
        Campaign(
            id=grown.CAMPAIGN,
            name="Spring",
            template_code="promotion",
            audience=CampaignAudience(),
            schedule=CampaignSchedule(kind="weekly"),
            state="finished",
        ).save()
        stored, until = 0, time.monotonic() + FILL_SECONDS
        for size in SIZES:
            if not _fill(stored, size, until):
                break
            stored = size
            results[size] = {
                name: _told(name, size, call, server) for name, call in calls().items()
            }
        _write(results)


def _fill(first: int, last: int, until: float) -> bool:
    step = 10_000
    for begin in range(first, last, step):
        for document_class in grown.MAKERS:
            if time.monotonic() > until:
                return False
            grown.fill(document_class, begin, min(begin + step, last))
        print(f"{min(begin + step, last):,} documents in each collection", file=sys.stderr)
    return True


def _told(name: str, size: int, call: Call, server: psutil.Process | None) -> Measured:
    try:
        found = measure(call, server)
    except pymongo.errors.PyMongoError as error:
        print(f"{name} with {size:,}: {error}", file=sys.stderr)
        return Measured(float("nan"), float("nan"), float("nan"), float("nan"))
    print(f"{name} with {size:,}: {found.p95:.1f} ms", file=sys.stderr)
    return found


def _write(results: dict[int, dict[str, Measured]]) -> None:
    sizes = list(results)
    figures = {
        str(size): {name: each._asdict() for name, each in found.items()}
        for size, found in results.items()
    }
    JSON.parent.mkdir(parents=True, exist_ok=True)
    JSON.write_text(json.dumps(figures, indent=1))
    titles = [f"{size:,}" for size in sizes]
    print("<!-- chart: last / first -->")
    print(f"| call | last / first | {' | '.join(titles)} | commands | p95 |")
    print(f"|---|{'---|' * (len(sizes) + 3)}")
    for name in results[sizes[0]]:
        row = [results[size][name] for size in sizes]
        ratio = row[-1].cpu / row[0].cpu
        cells = [f"{ratio:.2f}", *(f"{each.own:.1f} + {each.database:.1f}" for each in row)]
        cells += [f"{row[-1].commands:.0f}", " / ".join(f"{each.p95:.0f}" for each in row)]
        print(f"| {name} | {' | '.join(cells)} |")
    print("\nMilliseconds of CPU of a call, here and in the database; p95 is milliseconds of time,")
    print(f"with each number of documents. Goal: last / first at most {GOAL}.")


if __name__ == "__main__":
    main()
