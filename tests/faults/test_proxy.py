"""Tests of the proxy that breaks the network."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy
from tests.waiting import eventually


@pytest.fixture
def echo() -> Iterator[str]:
    """Run a service that returns the bytes that it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(client: socket.socket) -> None:
        while data := client.recv(100):
            client.sendall(data)

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
    server.close()


@pytest.fixture
def proxy(echo: str) -> Iterator[Proxy]:
    own = Proxy(echo)
    yield own
    own.close()


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=60)


def ask(client: socket.socket) -> bytes:
    client.sendall(b"hello")
    return client.recv(100)


def is_over(client: socket.socket) -> bool:
    try:
        return ask(client) == b""
    except OSError:
        return True


def test_bytes_are_forwarded_and_answered(proxy: Proxy) -> None:
    assert ask(connect(proxy)) == b"hello"


def test_refusing_proxy_accepts_no_connection_until_it_resumes(proxy: Proxy) -> None:
    client = connect(proxy)
    assert ask(client) == b"hello"
    proxy.refuse()
    with pytest.raises(OSError, match=r"refused|reset|Broken"):
        connect(proxy)
    assert is_over(client)
    proxy.resume()
    assert eventually(lambda: ask(connect(proxy))) == b"hello"


def test_hanging_proxy_accepts_connections_and_answers_none(proxy: Proxy) -> None:
    before = connect(proxy)
    assert ask(before) == b"hello"
    proxy.hang()
    for client in (before, connect(proxy)):
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            ask(client)
    proxy.resume()
    assert ask(connect(proxy)) == b"hello"


def test_cut_ends_open_connections_only(proxy: Proxy) -> None:
    client = connect(proxy)
    assert ask(client) == b"hello"
    proxy.cut()
    assert is_over(client)
    assert ask(connect(proxy)) == b"hello"
