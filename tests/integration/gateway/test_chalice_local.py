"""`chalice local` serves the gateway: the command of `make gateway`, with real services."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.builders import a_product, environment
from tests.ports import reserved_port
from tests.waiting import eventually
from tidings_local.launcher.developing.gateway import command


@pytest.fixture
def address(services: None, tmp_path: Path) -> Iterator[str]:
    """Start Chalice's server; return the URL of GraphQL."""
    with reserved_port() as port, (tmp_path / "output").open("w") as output:
        program = [
            str(Path(sys.executable).with_name("chalice")),
            *command(port)[1:],
            "--no-autoreload",
        ]
        server = subprocess.Popen(program, env=environment(), stdout=output, stderr=output)
        try:
            yield f"http://127.0.0.1:{port}/graphql"
        finally:
            server.terminate()
            server.wait(60)


def ask(address: str, query: str) -> dict[str, Any]:
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        content: dict[str, Any] = json.load(answer)
    return content


def answers(address: str) -> bool:
    try:
        return bool(ask(address, "{__typename}"))
    except urllib.error.URLError:
        return False


def test_gateway_alone_reads_the_services(address: str) -> None:
    product = a_product()
    eventually(lambda: answers(address), seconds=60)
    found = ask(address, f'{{getProduct(id:"{product.id}"){{title}}}}')
    assert found == {"data": {"getProduct": {"title": product.title}}}
