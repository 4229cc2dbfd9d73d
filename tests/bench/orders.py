"""Orders placed through the running stack, and told by mail at the same time.

The stack must send its mails to this machine: `TIDINGS_SMTP_URL=smtp://127.0.0.1:1025 make up`, and
the same variable for `make bench T=orders`. CPU times are those of every stack on this machine, so
run one alone. Needs `wrk`. The yardstick is a consumer that inserts a document and acknowledges.
"""

import json
import re
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pymongo

from tests.bench.http import cpu_of_stack, lua_list
from tests.e2e.aws import invoke
from tests.e2e.shop import PASSWORD, Shop
from tests.mail_sink import MailSink, mail_sink
from tests.plain_consumer import measure_plain_consumer
from tests.settings import run_options, stack_under_test
from tidings.platform.storage import database
from tidings.platform.timing.clock import now
from tidings.users.models import User

SECONDS: Final = 10
LONGEST_SECONDS: Final = 60
CLIENTS: Final = (1, 8)
CUSTOMERS: Final = 16
PRODUCTS: Final = 40
PLAIN_MESSAGES: Final = 2_000

SCRIPT: Final = """
local turn = 0
function request()
  turn = turn + 1
  local headers = {
    ["Authorization"] = "Bearer " .. tokens[turn % #tokens + 1],
    ["Content-Type"] = "application/json",
  }
  local body = string.format(
    '{"items": [{"product_id": "%s", "quantity": 1}, {"product_id": "%s", "quantity": 1}]}',
    products[turn % #products + 1], products[(turn + 1) % #products + 1])
  return wrk.format("POST", path, headers, body)
end
"""


@dataclass(frozen=True)
class Measured:
    """One run: rates for a second, and what one order cost."""

    placed: float
    p50: str
    told: float
    until_all: float
    cpu_ms: Counter[str]
    operations: float


def main() -> None:
    """Print a Markdown table. The stack must be up."""
    stack, url = stack_under_test(), run_options().smtp_url
    if url is None:
        sys.exit("TIDINGS_SMTP_URL is not set; see the first lines of tests/bench/orders.py")
    trust = ssl.create_default_context(cafile=stack.ca_file)
    plain = measure_plain_consumer(stack.amqp_url, stack.mongodb_uri, PLAIN_MESSAGES)
    with (
        httpx.Client(verify=trust, timeout=60) as http,
        mail_sink(urlsplit(url).port or 25) as sink,
    ):
        customers, products = _shop(Shop(stack.api_url, http))
        _run(stack.api_url, stack.mongodb_uri, customers, products, sink, 1, seconds=3)
        print("<!-- chart: placed a second -->")
        print(
            "| clients | placed a second | p50 | told a second meanwhile | all told after "
            "| functions | runner | MongoDB | operations of MongoDB |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for clients in CLIENTS:
            found = _run(stack.api_url, stack.mongodb_uri, customers, products, sink, clients)
            cpu = " | ".join(
                f"{found.cpu_ms[kind]:.1f} ms" for kind in ("functions", "runner", "MongoDB")
            )
            print(
                f"| {clients} | {found.placed:.0f} | {found.p50} | {found.told:.0f} "
                f"| {found.until_all:.1f} s | {cpu} | {found.operations:.1f} |"
            )
        print(
            f"| a plain consumer | | | {plain.per_second:.0f} | | {plain.cpu_ms:.1f} ms | | | 1.0 |"
        )


def _shop(shop: Shop) -> tuple[list[Shop], list[str]]:
    email = f"bench-{uuid4().hex}@example.com"
    invoke("tidings-create-admin", {"email": email, "password": PASSWORD})
    admin = shop.login(email, PASSWORD)
    products = [admin.create_product(stock=1_000_000) for _ in range(PRODUCTS)]
    customers = [shop.register() for _ in range(CUSTOMERS)]
    # Mails go to verified addresses only, and the codes are in mails.
    database.connect()
    User.objects(pk__in=[each.user_id for each in customers]).update(set__verified_at=now())
    return customers, products


def _run(
    api_url: str,
    mongodb_uri: str,
    customers: Sequence[Shop],
    products: Sequence[str],
    sink: MailSink,
    clients: int,
    seconds: int = SECONDS,
) -> Measured:
    """Place orders for some seconds; wait until each is told."""
    _wait_for_quiet(sink)
    mails, cpu, operations = sink.counts()[0], cpu_of_stack(), _operations(mongodb_uri)
    begun = time.monotonic()
    text = _place(api_url, customers, products, clients, seconds)
    placed = int(_found(r"(\d+) requests in", text))
    told_meanwhile = (sink.counts()[0] - mails) / (time.monotonic() - begun)
    ended = time.monotonic()
    while sink.counts()[0] - mails < placed and time.monotonic() - ended < LONGEST_SECONDS:
        time.sleep(0.1)
    until_all = time.monotonic() - ended
    _wait_for_quiet(sink)
    spent = cpu_of_stack()
    return Measured(
        placed=float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        p50=_found(r"\n\s+50%\s+(\S+)", text),
        told=told_meanwhile,
        until_all=until_all,
        cpu_ms=Counter({kind: 1000 * (spent[kind] - cpu[kind]) / placed for kind in spent}),
        operations=(_operations(mongodb_uri) - operations) / placed,
    )


def _wait_for_quiet(sink: MailSink) -> None:
    """Wait until no mail arrived for two seconds."""
    before = -1
    while (arrived := sink.counts()[0]) != before:
        before = arrived
        time.sleep(2)


def _place(
    api_url: str, customers: Sequence[Shop], products: Sequence[str], clients: int, seconds: int
) -> str:
    values = {
        "tokens": lua_list([each.token or "" for each in customers]),
        "products": lua_list(products),
        "path": json.dumps(f"{urlsplit(api_url).path}/api/v1/orders"),
    }
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "orders.lua"
        lines = [f"{name} = {value}" for name, value in values.items()]
        script.write_text("\n".join(lines) + SCRIPT)
        options = [f"-c{clients}", f"-d{seconds}s", "--latency", "-s", str(script)]
        command = ["wrk", "-t1", *options, api_url]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise SystemExit(text)
    return text


def _operations(mongodb_uri: str) -> float:
    """Return MongoDB's number of operations; a bulk write counts each of its documents."""
    with pymongo.MongoClient[dict[str, Any]](mongodb_uri) as client:
        counters: dict[str, Any] = client.admin.command("serverStatus")["opcounters"]
    return float(sum(counters[each] for each in ("insert", "query", "update", "delete", "command")))


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(text)
    return match[1]


if __name__ == "__main__":
    main()
