"""`make up` stops a stack that other machines can reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running import up
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import Settings

STACK = Stack("local", Path("/clone/.tidings/stacks/local"), Ports(4566))


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the steps of `make up` in order."""
    done: list[str] = []

    @contextmanager
    def startup(_stack: object, _members: object) -> Iterator[SimpleNamespace]:
        try:
            yield SimpleNamespace(
                begin=lambda: done.append("begin"),
                wait_for=lambda name: done.append(f"wait for {name}"),
                started=[],
            )
        except LauncherError:
            done.append("undo")
            raise

    monkeypatch.setattr(up, "startup", startup)
    monkeypatch.setattr(up, "is_deployed", lambda *_: False)
    monkeypatch.setattr(up, "rule_names", lambda _stack: [])
    connections = SimpleNamespace(redis_url="redis://127.0.0.1:4569/0")
    monkeypatch.setattr(up, "members_of", lambda *_: SimpleNamespace(connections=connections))
    monkeypatch.setattr(
        "tidings_local.launcher.running.services.redis.warn_of_eviction", lambda _url: None
    )
    for name in ("install", "build", "deploy", "check_listeners"):
        monkeypatch.setattr(up, name, lambda *_, name=name: done.append(name))
    return done


def test_ports_are_checked_before_anything_is_deployed_and_at_the_end(steps: list[str]) -> None:
    up.up(STACK, Settings())
    checked = [place for place, step in enumerate(steps) if step == "check_listeners"]
    assert len(checked) == 2
    assert steps.index("wait for localstack") < checked[0] < steps.index("deploy")
    assert checked[1] == len(steps) - 1


def test_an_open_port_stops_the_start_and_nothing_is_deployed(
    steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_stack: Stack) -> None:
        raise LauncherError("localstack listens on tcp 0.0.0.0:4566")

    monkeypatch.setattr(up, "check_listeners", refuse)
    with pytest.raises(LauncherError, match=r"0\.0\.0\.0:4566"):
        up.up(STACK, Settings())
    assert steps[-1] == "undo"
    assert "deploy" not in steps
