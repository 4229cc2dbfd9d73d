"""LocalStack's server listens on the loopback, whatever interface it passes to Twisted."""

import pytest

from tidings_local.localstack_plugin.loopback import listen_on_loopback_only, loopback_of


class Reactor:
    """Replaces Twisted's reactor, which listens on every interface by default."""

    def listenTCP(  # noqa: N802 (Twisted's name)
        self, port: int, factory: object, backlog: int = 50, interface: str = ""
    ) -> str:
        return f"{interface or '0.0.0.0'}:{port}"


@pytest.fixture
def reactor() -> Reactor:
    class Mended(Reactor):
        pass

    listen_on_loopback_only(Mended)
    return Mended()


def test_server_without_an_interface_listens_on_the_loopback(reactor: Reactor) -> None:
    assert reactor.listenTCP(4566, object()) == "127.0.0.1:4566"


@pytest.mark.parametrize("interface", ["0.0.0.0", "::", "10.1.2.3", "fe80::1", "example.com"])
def test_server_with_another_interface_listens_on_the_loopback(
    reactor: Reactor, interface: str
) -> None:
    assert reactor.listenTCP(4566, object(), interface=interface) == "127.0.0.1:4566"


@pytest.mark.parametrize("interface", ["127.0.0.1", "127.0.0.53", "::1"])
def test_a_loopback_address_is_kept(interface: str) -> None:
    assert loopback_of(interface) == interface
