"""Calls of the running stack over HTTPS: rate, time, and the CPU time of one call by process.

The first row is the yardstick: a query that reads nothing. CPU times are those of every stack on
this machine, so run one alone. Needs `wrk`.
"""

import json
import re
import ssl
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psutil

from tests.e2e.aws import invoke
from tests.e2e.shop import PASSWORD, Shop
from tests.settings import stack_under_test
from tests.waiting import eventually

SECONDS = 4
CLIENTS = (1, 8)
PAGE = 20
INBOX = """{ getUserNotifications(first: 20) {
  nodes { id kind title body subjectId correlationId readAt } } }"""
INBOX_TOTAL = INBOX.replace("nodes", "totalCount nodes")
ORDERS = """{ getOrders(first: 20) {
  nodes { id state total { amount currency } items { quantity product { id title } } } } }"""
PRODUCTS = """{ getProducts(first: 20) {
  nodes { id sku title price { amount currency } stock } } }"""


@dataclass(frozen=True)
class Call:
    """A request that is repeated."""

    name: str
    target: str
    body: str | None = None


@dataclass(frozen=True)
class Measured:
    per_second: float
    p50: str
    cpu_ms: dict[str, float]
    """For one call, by the kind of process."""


def main() -> None:
    """Print a Markdown table. The stack must be up."""
    stack = stack_under_test()
    trust = ssl.create_default_context(cafile=stack.ca_file)
    with httpx.Client(verify=trust, timeout=60) as http:
        reader = _reader(Shop(stack.api_url, http))
    print("| call | clients | a second | p50 | function | runner | MongoDB | Redis |")
    print("|---|---|---|---|---|---|---|---|")
    for call in CALLS:
        for clients in CLIENTS:
            found = _measure(
                stack.api_url + call.target.format(user_id=reader.user_id),
                call.body,
                reader.token or "",
                clients,
            )
            cpu = " | ".join(f"{found.cpu_ms.get(kind, 0.0):.2f} ms" for kind in KINDS.values())
            print(f"| {call.name} | {clients} | {found.per_second:,.0f} | {found.p50} | {cpu} |")


def _reader(shop: Shop) -> Shop:
    """Return a customer with a page of orders and of notifications."""
    email = f"bench-{uuid4().hex}@example.com"
    invoke("tidings-create-admin", {"email": email, "password": PASSWORD})
    admin = shop.login(email, PASSWORD)
    products = [admin.create_product(stock=1000) for _ in range(PAGE)]
    reader = shop.register()
    for product in products:
        reader.place_order(product)
    eventually(lambda: len(reader.graphql(INBOX)["getUserNotifications"]["nodes"]) == PAGE)
    return reader


def _graphql(name: str, query: str) -> Call:
    return Call(name, "/graphql", json.dumps({"query": query}))


CALLS = (
    _graphql("`__typename`", "{ __typename }"),
    _graphql("`me`", "{ me { id email name role } }"),
    _graphql("20 products", PRODUCTS),
    _graphql("inbox of 20", INBOX),
    _graphql("inbox of 20, total", INBOX_TOTAL),
    _graphql("20 own orders", ORDERS),
    Call("REST: 20 products", "/api/v1/products?limit=20"),
    Call("REST: inbox of 20", "/api/v1/notifications/{user_id}?limit=20"),
    Call("REST: 20 own orders", "/api/v1/orders?limit=20"),
)
KINDS = {
    r"template_process": "functions",
    r"tidings_local[./]runner": "runner",
    r"mongo": "MongoDB",
    r"redis-server": "Redis",
}


def _measure(url: str, body: str | None, token: str, clients: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "request.lua"
        lines = [f'wrk.headers["Authorization"] = "Bearer {token}"']
        if body is not None:
            lines += [
                'wrk.method = "POST"',
                'wrk.headers["Content-Type"] = "application/json"',
                f"wrk.body = {json.dumps(body)}",
            ]
        script.write_text("\n".join(lines))
        command = [
            "wrk",
            "-t1",
            f"-c{clients}",
            f"-d{SECONDS}s",
            "--latency",
            "-s",
            str(script),
            url,
        ]
        before = _cpu()
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent = _cpu() - before
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(text)
    calls = int(_found(r"(\d+) requests in", text))
    return Measured(
        per_second=float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        p50=_found(r"\n\s+50%\s+(\S+)", text),
        cpu_ms={kind: 1000 * seconds / calls for kind, seconds in spent.items()},
    )


def _cpu() -> Counter[str]:
    """Return the CPU seconds that the stack's processes have used, by their kind."""
    spent: Counter[str] = Counter()
    for process in psutil.process_iter(["name", "cmdline", "cpu_times"]):
        names = (process.info["name"], " ".join(process.info["cmdline"] or ()))
        for pattern, kind in KINDS.items():
            if process.info["cpu_times"] and any(re.search(pattern, each) for each in names):
                spent[kind] += process.info["cpu_times"].user + process.info["cpu_times"].system
                break
    return spent


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(text)
    return match[1]


if __name__ == "__main__":
    main()
