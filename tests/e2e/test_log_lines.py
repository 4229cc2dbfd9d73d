"""The lines that the functions wrote since the start of the stack have the same keys."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from bootstrap import ROOT
from tests.e2e.shop import Shop
from tests.settings import stack_under_test
from tests.waiting import eventually

ALWAYS: Final = {"level", "message", "timestamp", "function", "domain"}
HASH: Final = re.compile(r"[0-9a-f]{16}")
ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}")


def log_file() -> Path:
    return ROOT / ".tidings" / "stacks" / stack_under_test().name / "logs" / "functions.log"


def lines() -> Iterator[dict[str, Any]]:
    """Yield the functions' own lines; metrics for CloudWatch are among them, and tracebacks."""
    for text in log_file().read_text().splitlines():
        if text.startswith("{"):
            line = json.loads(text)
            if "_aws" not in line:
                yield line


def test_lines_of_an_order_have_the_keys_of_all(admin: Shop, customer: Shop) -> None:
    request = f"keys-of-lines-{uuid4().hex}"
    customer.place_order(admin.create_product(stock=3), correlation=request)

    def functions() -> set[str]:
        return {line["function"] for line in lines() if line.get("correlation_id") == request}

    wanted = {"tidings-gateway", "tidings-inventory", "tidings-orders", "tidings-notifications"}
    eventually(lambda: functions() >= wanted)
    found = list(lines())
    assert [line for line in found if not line.keys() >= ALWAYS] == []
    received = [line for line in found if line["message"] == "event received"]
    assert received
    assert all({"correlation_id", "message_id", "event_type"} <= line.keys() for line in received)
    persons = {line[key] for line in found for key in ("user_id", "by") if line.get(key)}
    assert persons
    assert [person for person in persons if not HASH.fullmatch(person)] == []


def test_no_line_has_an_address() -> None:
    assert [line for line in lines() if ADDRESS.search(json.dumps(line))] == []
