"""Idle connections to LocalStack that are kept for the next request."""

import pytest

from tests.unit.front_door.server.running import RunningDoor
from tests.waiting import eventually
from tidings_local.front_door import upstream as upstream_module
from tidings_local.front_door.upstream import Address, Upstream


class Note:
    def __init__(self) -> None:
        self.data = b""

    def received(self, data: bytes) -> None:
        self.data += data

    def upstream_ended(self, *, cleanly: bool) -> None: ...


@pytest.fixture
def upstream(door: RunningDoor) -> Upstream:
    address = Address("127.0.0.1", door.upstream.port)
    made = door.in_loop(lambda: Upstream(address))
    assert isinstance(made, Upstream)
    return made


def test_connection_that_was_paused_reads_again(door: RunningDoor, upstream: Upstream) -> None:
    note = Note()

    async def scenario() -> None:
        connection = await upstream.take(secure=False)
        connection.pause_reading()
        upstream.keep(connection, secure=False)
        assert await upstream.take(secure=False) is connection
        connection.reader = note
        connection.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    door.run(scenario())
    eventually(lambda: note.data)


def test_connection_idle_for_long_is_not_used(
    door: RunningDoor, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_module, "KEEP_SECONDS", 0.0)

    async def scenario() -> None:
        connection = await upstream.take(secure=False)
        upstream.keep(connection, secure=False)
        assert await upstream.take(secure=False) is not connection
        assert connection.transport.is_closing()

    door.run(scenario())


def test_plain_and_secure_connections_are_not_mixed(door: RunningDoor, upstream: Upstream) -> None:
    async def scenario() -> None:
        plain = await upstream.take(secure=False)
        upstream.keep(plain, secure=False)
        await door.upstream.stop()
        await door.upstream.start(door.tls)
        secure = await upstream.take(secure=True)
        assert secure is not plain
        assert secure.transport.get_extra_info("sslcontext") is not None

    door.run(scenario())


def test_number_of_idle_connections_is_limited(door: RunningDoor, upstream: Upstream) -> None:
    async def scenario() -> None:
        taken = [await upstream.take(secure=False) for _ in range(upstream_module.KEPT + 3)]
        for connection in taken:
            upstream.keep(connection, secure=False)
        closing = [each for each in taken if each.transport.is_closing()]
        assert closing == taken[:3]
        upstream.close()
        assert all(each.transport.is_closing() for each in taken)

    door.run(scenario())
