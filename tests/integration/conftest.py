"""Fixtures that give the tests separate databases and queues in the services under test.

Database names have a prefix of this session, and RabbitMQ has a virtual host and a user for it, so
that the tests never use the queues of the deployed functions.
"""

import json
import secrets as tokens
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
import pymongo
import pytest
from argon2 import PasswordHasher
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError
from pymongo import monitoring

from tests.integration.builders import Queues
from tests.integration.emptying import empty_collections, note_writes
from tests.integration.notifications.builders import Provider
from tests.integration.patience import be_patient
from tests.settings import stack_under_test
from tests.unit.platform.builders import signing_keys, use_keys
from tidings.delivery import channels
from tidings.platform import settings
from tidings.platform.caching import cache
from tidings.platform.messaging import broker, outbox, relay
from tidings.platform.secrets import SigningKeys
from tidings.platform.security import quotas, store
from tidings.platform.storage import database
from tidings.platform.storage.resting import Resting
from tidings.products import product_cache
from tidings.recommendations import lists
from tidings.templates import rendering, versions
from tidings.users import passwords
from tidings_local import topology

HERE = Path(__file__).parent
FOLDERS = {*database.DATABASES, "monitoring", "platform", "gateway", "console", "live"}
NOT_COUNTED = {"hello", "ping", "endSessions", "createIndexes", "listCollections", "create"}

WRITES = {"insert", "update", "delete", "findAndModify", "bulkWrite"}


def changed_documents(reply: Mapping[str, Any]) -> int:
    """Return the number of documents that a write created, changed or deleted, by its reply."""
    if "nModified" in reply:  # an update's `n` is the number of matches
        return int(reply["nModified"]) + len(reply.get("upserted", ()))
    counts = {**reply, **(reply.get("lastErrorObject") or {})}
    return sum(int(counts.get(each, 0)) for each in ("n", "nInserted", "nUpserted", "nDeleted"))


@dataclass
class CommandNotes(monitoring.CommandListener):
    """Records the name of each database command, and of those that changed a document.

    Entries of the audit trail are no changes: a refused call has one, too.
    """

    names: list[str] = field(default_factory=list)
    changing: list[str] = field(default_factory=list)
    of_the_trail: set[int] = field(default_factory=set)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in NOT_COUNTED:
            self.names.append(event.command_name)
        if event.command.get(event.command_name) == "audit_trail":
            self.of_the_trail.add(event.request_id)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.request_id in self.of_the_trail:
            return
        if event.command_name in WRITES and changed_documents(event.reply):
            self.changing.append(event.command_name)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Ignore failed commands."""


class RabbitAdmin:
    """A client of RabbitMQ's management API."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.hostname}:{parts.port}/api"
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, self._base, parts.username or "", parts.password or "")
        handler = urllib.request.HTTPBasicAuthHandler(passwords)
        # No proxy: the server is on this machine.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler).open

    def call(self, method: str, path: str, content: object = None) -> None:
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(f"{self._base}/{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        self._open(request, timeout=60).close()


class OwnRabbit:
    """A virtual host and a user for this session."""

    def __init__(self, admin: RabbitAdmin, amqp_url: str) -> None:
        parts = urlsplit(amqp_url)
        self._admin = admin
        self.name = f"tests-{tokens.token_hex(6)}"
        password = tokens.token_hex(16)
        self.url = f"amqp://{self.name}:{password}@{parts.hostname}:{parts.port}/{self.name}"
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        admin.call("PUT", f"vhosts/{self.name}", {})
        admin.call("PUT", f"users/{self.name}", {"password": password, "tags": ""})
        admin.call("PUT", f"permissions/{self.name}/{self.name}", everything)

    def call(self, method: str, path: str, content: object = None) -> None:
        self._admin.call(method, path, content)

    def close_connections(self) -> None:
        self._admin.call("DELETE", f"connections/username/{self.name}")

    def remove(self) -> None:
        self._admin.call("DELETE", f"vhosts/{self.name}")
        self._admin.call("DELETE", f"users/{self.name}")


@pytest.fixture(scope="session")
def rabbit() -> Iterator[OwnRabbit]:
    stack = stack_under_test()
    own = OwnRabbit(RabbitAdmin(stack.rabbitmq_api_url), stack.amqp_url)
    try:
        with closing(pika.BlockingConnection(pika.URLParameters(own.url))) as connection:
            topology.declare(connection, topology.load())
        yield own
    finally:
        own.remove()


@pytest.fixture(scope="session")
def services(rabbit: OwnRabbit) -> Iterator[None]:
    """Make the domains of this process use this session's databases and queues."""
    stack_under_test()  # keeps the addresses that `make test` sets
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TIDINGS_AMQP_URL", rabbit.url)
        # Another session may use the same services.
        environment.setenv("TIDINGS_DATABASE_PREFIX", f"tidings_tests_{tokens.token_hex(4)}")
        environment.setenv("TIDINGS_DELIVERY_KEY", tokens.token_hex(24))
        for kept in (settings.settings, broker.publisher):
            kept.cache_clear()
        for service in (store.service, cache.service):
            service.cache_clear()
        settings.settings()
    with pytest.MonkeyPatch.context() as patch:
        # The same function with hundreds of times less work, because these tests do not attack
        # hashes.
        patch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
        passwords._nobodys_hash.cache_clear()
        be_patient(patch)
        note_writes()
        database.connect()
        yield
        broker.publisher().close()
        _drop_databases()
    for kept in (settings.settings, broker.publisher):
        kept.cache_clear()


def _drop_databases() -> None:
    prefix = settings.settings().database_prefix
    assert prefix.startswith("tidings_tests_")
    with pymongo.MongoClient[dict[str, Any]](stack_under_test().mongodb_uri) as client:
        for domain in database.DATABASES:
            client.drop_database(f"{prefix}_{domain}")


@pytest.fixture(autouse=True)
def start_afresh(request: pytest.FixtureRequest) -> None:
    """Remove the data of other tests, for tests that use the domains in this process."""
    if request.path.relative_to(HERE).parts[0] not in FOLDERS:
        return
    request.getfixturevalue("services")
    forget_all_but_documents()
    empty_collections(database.connect())


def forget_all_but_documents() -> None:
    """Remove the data in Redis and in this process."""
    outbox.take_stored()
    Resting.wake_all()
    _forget_what_redis_keeps()
    product_cache.forget_pages()
    rendering.forget_kept()
    lists.forget_popular()
    quotas.forget_refused()


def _forget_what_redis_keeps() -> None:
    for redis in (store.client(), cache.client()):
        if keys := list(redis.scan_iter(f"{settings.settings().database_prefix}:*", count=1000)):
            redis.delete(*keys)


@pytest.fixture
def channel(rabbit: OwnRabbit, services: None) -> Iterator[BlockingChannel]:
    parameters = pika.URLParameters(rabbit.url)
    parameters.heartbeat = 0  # the test sends none while it does other things
    connection = pika.BlockingConnection(parameters)
    yield connection.channel()
    with suppress(AMQPError):  # a test may have closed it
        connection.close()


@pytest.fixture
def queues(channel: BlockingChannel, rabbit: OwnRabbit) -> Queues:
    """Return the topology's queues, emptied."""
    found = Queues(channel, rabbit.name)
    wanted = topology.load()
    # Begin with the retry queues, from which messages return to the others.
    waiting = [topology.retry_name(delay) for delay in wanted.retry_delays_seconds]
    for name in (*waiting, *wanted.queues):
        channel.queue_purge(name)
    return found


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> SigningKeys:
    return use_keys(monkeypatch, signing_keys())


@pytest.fixture(scope="session")
def noted_commands(services: None) -> CommandNotes:
    """Reconnect with a listener: pymongo accepts listeners only when a client is created."""
    notes = CommandNotes()
    monitoring.register(notes)
    database.close()
    database.connect()
    return notes


@pytest.fixture
def commands(noted_commands: CommandNotes, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of database command names; clear it where counting starts."""
    # On a slow machine, the keys must not expire during a test.
    monkeypatch.setattr(versions, "FRESH_SECONDS", 600.0)
    noted_commands.names.clear()
    return noted_commands.names


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    """Replaces all providers behind delivery's own code."""
    stand_in = Provider()
    monkeypatch.setattr(channels, "deliver", stand_in.deliver)
    return stand_in


@pytest.fixture
def unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep events in their outbox: threads cannot share a publisher as environments do."""
    monkeypatch.setattr(relay, "publish_stored", outbox.take_stored)
