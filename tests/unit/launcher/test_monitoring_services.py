"""Prometheus belongs to a stack after `make monitoring`, and everything listens on the loopback."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.unit.launcher.test_members import members
from tidings_local.launcher.running import programs
from tidings_local.launcher.running.lifecycle import stop_all
from tidings_local.launcher.running.ports import LOOPBACK, Ports
from tidings_local.launcher.running.services import monitoring
from tidings_local.launcher.running.services.service import Service
from tidings_local.launcher.running.stack import Stack

NAMES = {"prometheus", "grafana", "loki", "alloy", "jaeger"}


@pytest.fixture(autouse=True)
def every_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    optional = (programs.GRAFANA, programs.LOKI, programs.ALLOY, programs.JAEGER)
    for program in (programs.PROMETHEUS, *optional):
        (folder / program.name).write_text("#!/bin/sh\n")
        (folder / program.name).chmod(0o755)
    monkeypatch.setattr(programs, "search_path", lambda: str(folder))
    return folder


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    found = Stack("tests", tmp_path / ".tidings" / "stacks" / "tests", Ports(41000))
    found.make_folders()
    return found


def started(stack: Stack) -> dict[str, Service]:
    urls = {"amqp_url": "amqp://me:x@elsewhere:5672/", "mongodb_uri": "mongodb://elsewhere/"}
    redis = dict.fromkeys(("redis_url", "cache_redis_url"), "redis://elsewhere:6379/0")
    return {each.name: each for each in members(stack, **urls, **redis).own}


def test_stack_without_monitoring_has_no_prometheus(stack: Stack) -> None:
    assert not NAMES & started(stack).keys()


def test_stack_with_monitoring_has_it_until_it_is_stopped(stack: Stack) -> None:
    stack.monitoring_mark.touch()
    assert started(stack).keys() >= NAMES
    stop_all(stack)
    assert not NAMES & started(stack).keys()


def test_only_installed_programs_are_started(stack: Stack, every_program: Path) -> None:
    (every_program / programs.GRAFANA.name).unlink()
    stack.monitoring_mark.touch()
    assert NAMES & started(stack).keys() == NAMES - {"grafana"}
    assert [each.name for each in monitoring.missing()] == ["grafana"]


def test_each_program_listens_on_the_loopback_only(stack: Stack) -> None:
    stack.monitoring_mark.touch()
    found = started(stack)
    told = {
        "prometheus": found["prometheus"].command,
        "grafana": [found["grafana"].environment["GF_SERVER_HTTP_ADDR"]],
        "loki": [found["loki"].environment["TIDINGS_LOKI_ADDRESS"]],
        "alloy": found["alloy"].command,
        "jaeger": [found["jaeger"].environment["TIDINGS_JAEGER_ADDRESS"]],
    }
    assert all(any(LOOPBACK in word for word in words) for words in told.values())
    assert "0.0.0.0" not in str(found)


def test_prometheus_gets_the_addresses_and_the_token_of_the_stack(stack: Stack) -> None:
    stack.monitoring_mark.touch()
    started(stack)
    targets = stack.etc / "monitoring" / "prometheus" / "targets"
    (runner,) = json.loads((targets / "runner.json").read_text())
    assert runner["targets"] == [f"{LOOPBACK}:{stack.ports.runner_metrics}"]
    token = targets / "metrics-token"
    assert token.stat().st_mode & 0o077 == 0
    assert json.loads((stack.folder / "secrets.json").read_text())["metrics_token"] == (
        token.read_text()
    )


def test_jaeger_takes_spans_at_the_address_that_is_shown(stack: Stack) -> None:
    stack.monitoring_mark.touch()
    jaeger = started(stack)["jaeger"]
    lines = "\n".join(monitoring.addresses(stack))
    page, otlp = (jaeger.environment[f"TIDINGS_JAEGER_{name}"] for name in ("PORT", "OTLP_PORT"))
    assert f"Jaeger     http://{LOOPBACK}:{page}" in lines
    assert f"TIDINGS_TRACES=http://{LOOPBACK}:{otlp}/v1/traces make deploy" in lines
    in_containers = "\n".join(monitoring.addresses(stack, in_containers=True))
    assert "TIDINGS_TRACES=http://jaeger:4318/v1/traces" in in_containers


def test_jaegers_configuration_names_only_variables_that_it_gets(stack: Stack) -> None:
    stack.monitoring_mark.touch()
    jaeger = started(stack)["jaeger"]
    (option,) = [each for each in jaeger.command if each.startswith("--config=")]
    text = Path(option.partition("=")[2]).read_text()
    assert set(re.findall(r"\$\{env:(\w+)\}", text)) == jaeger.environment.keys()
    service = yaml.safe_load(text)["service"]
    assert service["pipelines"]["traces"]["receivers"] == ["otlp"]


def test_without_jaeger_nothing_is_said_of_spans(stack: Stack, every_program: Path) -> None:
    (every_program / programs.JAEGER.name).unlink()
    stack.monitoring_mark.touch()
    assert "TIDINGS_TRACES" not in str(monitoring.addresses(stack))
