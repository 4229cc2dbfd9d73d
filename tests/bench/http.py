"""Calls of the running stack over HTTPS: rate, time, and the CPU time of one call by process.

The first rows are the yardsticks: an endpoint that does nothing, and a query that reads nothing.
CPU times are those of every stack on this machine, so run one alone. Needs `wrk`.
"""

import json
import re
import ssl
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psutil

from tests.e2e.aws import invoke
from tests.e2e.shop import PASSWORD, Shop
from tests.settings import stack_under_test
from tests.waiting import eventually

SECONDS = 4
READERS = 16
"""They take turns: one user may make 6,000 calls a minute."""
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
        readers = _readers(Shop(stack.api_url, http))
    print("<!-- chart: a second -->")
    print("| call | clients | a second | p50 | function | runner | MongoDB | Redis |")
    print("|---|---|---|---|---|---|---|---|")
    for call in CALLS:
        for clients in CLIENTS:
            found = _measure(stack.api_url, call, readers, clients)
            cpu = " | ".join(f"{found.cpu_ms.get(kind, 0.0):.2f} ms" for kind in KINDS.values())
            print(f"| {call.name} | {clients} | {found.per_second:,.0f} | {found.p50} | {cpu} |")


def _readers(shop: Shop) -> list[Shop]:
    """Return customers who each have a page of orders and of notifications."""
    email = f"bench-{uuid4().hex}@example.com"
    invoke("tidings-create-admin", {"email": email, "password": PASSWORD})
    admin = shop.login(email, PASSWORD)
    products = [admin.create_product(stock=1000) for _ in range(PAGE)]
    readers = [shop.register() for _ in range(READERS)]
    for reader in readers:
        for product in products:
            reader.place_order(product)
    for reader in readers:
        eventually(partial(_has_a_page, reader))
    return readers


def _has_a_page(reader: Shop) -> bool:
    return len(reader.graphql(INBOX)["getUserNotifications"]["nodes"]) == PAGE


def _graphql(name: str, query: str) -> Call:
    return Call(name, "/graphql", json.dumps({"query": query}))


CALLS = (
    Call("REST: `/health`", "/health"),
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


REQUESTS = """
local turn = 0
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
function init()
  requests = {}
  for each = 1, #tokens do
    local headers = {
      ["Authorization"] = "Bearer " .. tokens[each],
      ["Content-Type"] = "application/json",
    }
    requests[each] = wrk.format(method, paths[each], headers, body)
  end
end
"""


def _measure(api_url: str, call: Call, readers: Sequence[Shop], clients: int) -> Measured:
    base = urlsplit(api_url).path
    paths = [base + call.target.format(user_id=each.user_id) for each in readers]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "requests.lua"
        values = {
            "tokens": lua_list([each.token or "" for each in readers]),
            "paths": lua_list(paths),
            "method": json.dumps("POST" if call.body else "GET"),
            "body": json.dumps(call.body) if call.body else "nil",
        }
        lines = [f"{name} = {value}" for name, value in values.items()]
        script.write_text("\n".join(lines) + REQUESTS)
        options = [f"-c{clients}", f"-d{SECONDS}s", "--latency", "-s", str(script)]
        command = ["wrk", "-t1", *options, api_url]
        before = cpu_of_stack()
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent = cpu_of_stack() - before
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(text)
    calls = int(_found(r"(\d+) requests in", text))
    return Measured(
        per_second=float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        p50=_found(r"\n\s+50%\s+(\S+)", text),
        cpu_ms={kind: 1000 * seconds / calls for kind, seconds in spent.items()},
    )


def lua_list(texts: Sequence[str]) -> str:
    return "{" + ", ".join(map(json.dumps, texts)) + "}"


def cpu_of_stack() -> Counter[str]:
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
