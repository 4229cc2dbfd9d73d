"""A running environment follows its secrets: passwords change while it is connected."""

import json
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import boto3
import pika
import pytest
import redis

from tests.integration.builders import Queues, a_product
from tests.integration.redis_server import Server
from tests.settings import stack_under_test
from tests.simulated_aws import simulated_aws
from tests.unit.platform.secrets_server import SecretsServer, secrets_server
from tidings.platform import secrets, secrets_manager
from tidings.platform.caching import cache
from tidings.platform.messaging import broker
from tidings.platform.messaging.broker import BrokerUnavailable, Message, Publisher
from tidings.platform.security import store
from tidings.platform.settings import Settings
from tidings.platform.storage import database
from tidings.products.models import Product


class Secrets:
    """The secrets of this test, in a Secrets Manager of its own."""

    def __init__(self, server: SecretsServer) -> None:
        self._server = server

    def put(self, name: str, url: str) -> None:
        manager, full, text = self._server.manager, f"tidings/{name}", json.dumps({"url": url})
        try:
            manager.create_secret(Name=full, SecretString=text)
        except manager.exceptions.ResourceExistsException:
            manager.put_secret_value(SecretId=full, SecretString=text)

    @property
    def reads(self) -> int:
        return len(self._server.requests)


@pytest.fixture
def own_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Secrets]:
    """Let the code in this process read addresses from secrets, as deployed functions do."""
    monkeypatch.setattr(secrets, "settings", Settings)
    monkeypatch.setattr(secrets, "_kept", {})
    monkeypatch.setattr(secrets_manager, "_kept", [])
    with simulated_aws(monkeypatch):
        manager = boto3.client("secretsmanager", region_name="us-east-1")
        with secrets_server(manager) as server:
            monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", server.url)
            yield Secrets(server)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read secrets at each use, as if they had been read long ago."""
    monkeypatch.setattr(secrets, "ADDRESS_MAX_AGE_SECONDS", 0)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a secret again after each refusal."""
    monkeypatch.setattr(secrets, "REFUSED_MAX_AGE_SECONDS", 0)


# ----------------------------------------------------------------------------- Redis


class Rotated:
    """A Redis with a password that changes."""

    def __init__(self, server: Server, own: Secrets) -> None:
        self._server = server
        self._own = own
        self.change()
        self.tell()

    def change(self) -> None:
        """Change the password, and close the connections that used the old one."""
        self._password = token_hex(16)
        self._server.client.config_set("requirepass", self._password)
        self._server.client.client_kill_filter(_type="normal", skipme=True)

    def tell(self) -> None:
        """Write the password into both secrets."""
        for name in (secrets.SECURITY_STORE, secrets.CACHE):
            self._own.put(name, f"redis://:{self._password}@127.0.0.1:{self._server.port}/0")


@pytest.fixture(params=[store, cache], ids=["security store", "cache"])
def used(request: pytest.FixtureRequest) -> Iterator[Any]:
    request.param.service.cache_clear()
    yield request.param
    request.param.service.cache_clear()


@pytest.fixture
def redis_server(tmp_path: Path, own_secrets: Secrets, used: Any) -> Iterator[Rotated]:
    server = Server(tmp_path / "redis", "redis.conf")
    yield Rotated(server, own_secrets)
    server.stop()


def test_changed_password_of_redis_is_read_once_after_a_refusal(
    redis_server: Rotated, own_secrets: Secrets, used: Any, soon: None
) -> None:
    used.client().set("a", "1")
    before = own_secrets.reads
    redis_server.change()
    redis_server.tell()
    assert used.client().get("a") == "1"
    assert used.client().get("a") == "1"
    assert own_secrets.reads == before + 1


def test_refusals_of_redis_do_not_read_the_secret_each_time(
    redis_server: Rotated, own_secrets: Secrets, used: Any
) -> None:
    used.client().ping()
    before = own_secrets.reads
    redis_server.change()
    for _ in range(5):
        with pytest.raises(redis.AuthenticationError):
            used.client().ping()
    assert own_secrets.reads == before  # the secret was read a moment ago


def test_changed_password_of_redis_is_read_in_time(
    redis_server: Rotated, used: Any, at_once: None
) -> None:
    client = used.client()
    client.ping()
    redis_server.change()
    redis_server.tell()
    assert used.client() is not client
    assert used.client().ping()


# -------------------------------------------------------------------------- RabbitMQ


class RotatedUser:
    """A user of RabbitMQ with a password that changes."""

    def __init__(self, rabbit: Any, own: Secrets) -> None:
        self._rabbit = rabbit
        self._own = own
        self._name = f"rotated-{token_hex(6)}"
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.change()
        rabbit.call("PUT", f"permissions/{rabbit.name}/{self._name}", everything)
        self.tell()

    def change(self) -> None:
        self._password = token_hex(16)
        content = {"password": self._password, "tags": ""}
        self._rabbit.call("PUT", f"users/{self._name}", content)

    def tell(self) -> None:
        place = urlsplit(self._rabbit.url)
        host = f"{place.hostname}:{place.port}{place.path}"
        self._own.put(secrets.RABBITMQ, f"amqp://{self._name}:{self._password}@{host}")

    def remove(self) -> None:
        self._rabbit.call("DELETE", f"users/{self._name}")


@pytest.fixture
def user(rabbit: Any, own_secrets: Secrets) -> Iterator[RotatedUser]:
    made = RotatedUser(rabbit, own_secrets)
    yield made
    made.remove()


@pytest.fixture
def publisher(user: RotatedUser) -> Iterator[Publisher]:
    own = Publisher(secrets.amqp_url)
    yield own
    own.close()


def published(publisher: Publisher) -> int:
    properties = pika.BasicProperties(message_id=token_hex(6), delivery_mode=2)
    return len(publisher.publish([Message(broker.DOMAIN_EVENTS, "order.placed", b"1", properties)]))


def test_changed_password_of_rabbitmq_is_read_once_after_a_refusal(
    user: RotatedUser, publisher: Publisher, own_secrets: Secrets, queues: Queues, soon: None
) -> None:
    assert published(publisher) == 1
    before = own_secrets.reads
    user.change()
    user.tell()
    publisher.close()  # open connections stay valid
    assert published(publisher) == 1
    assert published(publisher) == 1
    assert own_secrets.reads == before + 1


def test_refusals_of_rabbitmq_do_not_read_the_secret_each_time(
    user: RotatedUser, publisher: Publisher, own_secrets: Secrets, queues: Queues
) -> None:
    assert published(publisher) == 1
    before = own_secrets.reads
    user.change()
    publisher.close()
    for _ in range(5):
        with pytest.raises(BrokerUnavailable):
            published(publisher)
    assert own_secrets.reads == before


def test_present_password_ends_the_rest_after_a_refusal(
    user: RotatedUser, publisher: Publisher, queues: Queues, at_once: None
) -> None:
    assert published(publisher) == 1
    user.change()
    publisher.close()
    with pytest.raises(BrokerUnavailable):
        published(publisher)
    user.tell()
    assert published(publisher) == 1


# --------------------------------------------------------------------------- MongoDB


@pytest.fixture
def reconnects(services: None) -> Iterator[None]:
    """Connect as before for the other tests."""
    yield
    database.close()
    database.connect()


def test_changed_address_of_mongodb_is_used_by_the_next_invocation(
    reconnects: None, own_secrets: Secrets, at_once: None
) -> None:
    url = stack_under_test().mongodb_uri
    own_secrets.put(secrets.MONGODB, url)
    own_secrets.put(secrets.CACHE, stack_under_test().cache_redis_url)
    database.close()
    first = database.connect()
    product = a_product()
    assert database.connect() is first
    own_secrets.put(secrets.MONGODB, f"{url}?appName=another")
    assert Product.objects.get(pk=product.id).pk == product.id  # within the invocation
    second = database.connect()
    assert second is not first
    assert second.options.pool_options.appname == "another"
    assert Product.objects.get(pk=product.id).pk == product.id
