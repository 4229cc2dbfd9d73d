"""Tests of the choice of a stack's ports."""

import json
import socket
from pathlib import Path

import pytest

from tidings_local.launcher.running import ports
from tidings_local.launcher.running.stack import find_stack
from tidings_local.launcher.settings import Settings

MONITORING = (
    "runner_metrics",
    "prometheus",
    "grafana",
    "loki",
    "loki_grpc",
    "alloy",
    "mailpit",
    "jaeger",
    "jaeger_otlp",
    "jaeger_grpc",
)


@pytest.fixture(autouse=True)
def _own_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.delenv("TIDINGS_STACK", raising=False)
    monkeypatch.delenv("TIDINGS_PORT_BASE", raising=False)


def stack_folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_every_port_of_a_block_is_different() -> None:
    block = ports.Ports(4566)
    names = [name for name, kind in vars(ports.Ports).items() if isinstance(kind, property)]
    elsewhere = {"localstack", "localstack_internal", "gateway", "live", *MONITORING}
    numbers = [getattr(block, name) for name in names if name not in elsewhere]
    assert len(set(numbers)) == len(numbers)
    assert all(4566 <= number < 4566 + ports.BLOCK_SIZE for number in numbers)


def test_localstack_listens_outside_its_range_of_external_ports() -> None:
    block = ports.Ports(4566)
    assert block.localstack not in range(*block.localstack_internal)
    assert block.localstack == 4566 + 15010


def test_blocks_of_neighbouring_stacks_do_not_overlap() -> None:
    first, second = ports.Ports(4566), ports.Ports(4566 + ports.BLOCK_SIZE)
    assert first.localstack != second.localstack
    every = [
        {getattr(each, name) for name in ("localstack", "gateway", "live", *MONITORING)}
        for each in (first, second)
    ]
    assert not every[0] & every[1]


def test_a_port_in_use_is_not_free() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert not ports.is_free(listening.getsockname()[1])


def test_the_owner_of_a_port_is_named() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert "pid" in ports.owner_of(listening.getsockname()[1])


def test_a_block_with_one_busy_port_is_not_free() -> None:
    assert not ports.block_is_free(5000, free=lambda port: port != 5007)
    assert ports.block_is_free(5000, free=lambda port: True)


def test_two_stacks_get_different_blocks(tmp_path: Path) -> None:
    first = ports.claim_block(20000, stack_folder(tmp_path, "a"))
    second = ports.claim_block(20000, stack_folder(tmp_path, "b"))
    assert abs(first - second) >= ports.BLOCK_SIZE


def test_a_stopped_stack_keeps_its_block(tmp_path: Path) -> None:
    folder = stack_folder(tmp_path, "a")
    first = ports.claim_block(20000, folder)
    assert ports.claim_block(20000, folder) == first


def test_block_of_a_removed_stack_is_reused(tmp_path: Path) -> None:
    folder = stack_folder(tmp_path, "a")
    first = ports.claim_block(20000, folder)
    folder.rmdir()
    assert ports.claim_block(20000, stack_folder(tmp_path, "b")) == first


def test_local_stack_begins_at_the_port_base(tmp_path: Path) -> None:
    stack = find_stack(Settings(stack="local", port_base=5566), tmp_path)
    assert stack.ports.base == 5566
    assert stack.api_url.startswith("https://localhost:5566/")


def test_a_stopped_local_stack_follows_the_port_base(tmp_path: Path) -> None:
    find_stack(Settings(port_base=5566), tmp_path)
    assert find_stack(Settings(port_base=5666), tmp_path).ports.base == 5666


def test_a_running_local_stack_keeps_its_ports(tmp_path: Path) -> None:
    stack = find_stack(Settings(port_base=5566), tmp_path)
    stack.run.mkdir()
    socket = stack.supervisor_socket  # outside the stack's folder if that has a long path
    socket.touch()
    try:
        assert find_stack(Settings(port_base=5666), tmp_path).ports.base == 5566
    finally:
        socket.unlink()


def test_another_stack_begins_after_the_local_one_and_keeps_its_block(tmp_path: Path) -> None:
    settings = Settings(stack="test", port_base=20000)
    base = find_stack(settings, tmp_path).ports.base
    assert base >= 20100
    assert find_stack(settings, tmp_path).ports.base == base
    remembered = tmp_path / "stacks" / "test" / "stack.json"
    assert json.loads(remembered.read_text()) == {"port_base": base}
