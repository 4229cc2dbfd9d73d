"""What RabbitMQ tells by its management API: queues, bindings, nodes, its clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx

from ...running.ports import LOOPBACK
from ...running.services.service import ask
from .finding import CannotCheckError
from .installation import Installation, asking

SECONDS = 10


@dataclass(frozen=True)
class Queue:
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    messages: int = 0
    consumers: int = 0
    handled_per_second: float = 0.0
    unacknowledged: int = 0
    """The messages of `messages` that consumers have and did not acknowledge yet."""


@dataclass(frozen=True)
class Binding:
    exchange: str
    queue: str
    routing_key: str


class Broker:
    """A client of RabbitMQ's management API, for one virtual host; it changes nothing."""

    def __init__(self, url: str, amqp_url: str) -> None:
        """Take the address of the API, and login and virtual host of the AMQP URL."""
        amqp = urlsplit(amqp_url)
        self._url = url
        self._login = (unquote(amqp.username or "guest"), unquote(amqp.password or "guest"))
        self._virtual_host = quote(unquote(amqp.path.removeprefix("/")) or "/", safe="")

    def version(self) -> str:
        return str(self._ask("overview").json()["rabbitmq_version"])

    def clock(self) -> datetime:
        """Return the server's time, in whole seconds."""
        return parsedate_to_datetime(self._ask("overview").headers["date"]).astimezone(UTC)

    def nodes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("nodes").json()
        return found

    def queues(self) -> dict[str, Queue]:
        found = self._ask(f"queues/{self._virtual_host}").json()
        return {each["name"]: _queue(each) for each in found}

    def bindings(self) -> set[Binding]:
        """Return the bindings of queues, without those of the default exchange."""
        return {
            Binding(each["source"], each["destination"], each["routing_key"])
            for each in self._ask(f"bindings/{self._virtual_host}").json()
            if each["source"] and each["destination_type"] == "queue"
        }

    def exchanges(self) -> dict[str, str]:
        """Return the type of each exchange."""
        found = self._ask(f"exchanges/{self._virtual_host}").json()
        return {each["name"]: each["type"] for each in found}

    def _ask(self, path: str) -> httpx.Response:
        with asking("RabbitMQ's management API", httpx.HTTPError):
            url = f"{self._url}/api/{path}"
            return ask(url, timeout=SECONDS, login=self._login).raise_for_status()


def broker_of(installation: Installation) -> Broker:
    """Return the stack's broker.

    Raises:
        CannotCheckError: it is an external one, whose management API has an unknown address.
    """
    if installation.settings.amqp_url:
        raise CannotCheckError("the management API of TIDINGS_AMQP_URL has an unknown address")
    installation.must_run()
    port = installation.stack.ports.rabbitmq_management
    return Broker(f"http://{LOOPBACK}:{port}", installation.connections.amqp_url)


def _queue(told: dict[str, Any]) -> Queue:
    rates = told.get("message_stats", {}).get("ack_details", {})
    return Queue(
        told["name"],
        told.get("arguments", {}),
        int(told.get("messages", 0)),
        int(told.get("consumers", 0)),
        float(rates.get("rate", 0.0)),
        int(told.get("messages_unacknowledged", 0)),
    )
