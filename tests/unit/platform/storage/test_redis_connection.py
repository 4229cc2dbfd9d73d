"""A client of Redis is replaced when its address changes."""

import gc
import weakref

import pytest
from redis import RedisError

from tidings.platform.secrets_manager import SecretsManagerError
from tidings.platform.storage import redis_connection
from tidings.platform.storage.redis_connection import RedisService


class Client:
    """Stands in for the library's client, which closes its connections when it is deleted."""


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(redis_connection, "connect", lambda _: Client())
    return ["redis://:old@localhost"]


def test_client_is_replaced_with_the_address(addresses: list[str]) -> None:
    service = RedisService(lambda refused=False: addresses[-1])
    first = service.client()
    assert service.client() is first
    addresses.append("redis://:new@localhost")
    assert service.client() is not first


def test_replaced_client_lives_while_another_thread_may_use_its_connections(
    addresses: list[str],
) -> None:
    service = RedisService(lambda refused=False: addresses[-1])
    first = weakref.ref(service.client())
    addresses.append("redis://:new@localhost")
    service.client()
    gc.collect()
    assert first() is not None
    addresses.append("redis://:newer@localhost")
    service.client()
    gc.collect()
    assert first() is None


def failing_with(failure: Exception) -> RedisService:
    def url(*, refused: bool = False) -> str:
        raise failure

    return RedisService(url)


def test_unavailable_secrets_manager_is_a_redis_that_does_not_answer() -> None:
    service = failing_with(SecretsManagerError("no answer", is_away=True))
    with pytest.raises(RedisError, match="no answer"):
        service.client()


def test_address_that_may_not_be_read_is_an_error_of_its_own() -> None:
    service = failing_with(SecretsManagerError("not allowed", is_away=False))
    with pytest.raises(SecretsManagerError):
        service.client()
