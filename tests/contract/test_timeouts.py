"""Every client of a service has a timeout (docs/operations.md)."""

import ast
from pathlib import Path

import pytest

from tests.contract.project import parsed, python_files, relative

# Calls that make a client or a request, and the keywords that limit their time.
BOUNDED_BY: dict[str, set[str]] = {
    "boto3.client": {"config"},
    "boto3.resource": {"config"},
    "boto3.Session": set(),
    "Redis": {"socket_timeout", "socket_connect_timeout"},
    "Redis.from_url": {"socket_timeout", "socket_connect_timeout", "retry"},
    "mongoengine.connect": {"timeoutMS", "serverSelectionTimeoutMS"},
    "pymongo.MongoClient": {"timeoutMS", "serverSelectionTimeoutMS"},
    "Config": {"connect_timeout", "read_timeout", "retries"},
    "HTTPConnection": {"timeout"},
    "urllib.request.urlopen": {"timeout"},
    "urlopen": {"timeout"},
    "httpx.Client": {"timeout"},
    "httpx.get": {"timeout"},
    "httpx.post": {"timeout"},
    "smtplib.SMTP": {"timeout"},
    "smtplib.SMTP_SSL": {"timeout"},
}
FILES = python_files("layers/tidings", "functions", "gateway")


def unbounded(path: Path) -> list[str]:
    return [
        f"{relative(path) if path in FILES else path.name}:{call.lineno} {name}"
        for call in ast.walk(parsed(path))
        if isinstance(call, ast.Call)
        for name in [ast.unparse(call.func)]
        if not BOUNDED_BY.get(name, set()) <= {each.arg or "" for each in call.keywords}
    ]


def test_every_client_has_its_timeouts() -> None:
    assert [each for path in FILES for each in unbounded(path)] == []


@pytest.mark.parametrize(
    "text", ["import boto3\nboto3.client('s3')", "urlopen(x)", "smtplib.SMTP('host', 25)"]
)
def test_rule_on_timeouts_finds_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "client.py"
    path.write_text(text)
    assert unbounded(path)
