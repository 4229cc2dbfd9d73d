"""A restarted runner asks LocalStack what is deployed."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict

import httpx
import orjson
import pytest

from tests.unit.runner.builders import Told, a_function
from tests.unit.runner.test_deployment import snapshot
from tidings_local.runner import asking
from tidings_local.runner.asking import ask_until_known
from tidings_local.runner.deployment import Deployment
from tidings_local.runner.forms import Snapshot
from tidings_local.runner.registry import Registry

Reply = Callable[[httpx.Request], httpx.Response]


def deployed(made: Snapshot) -> Reply:
    return lambda _: httpx.Response(200, content=orjson.dumps(asdict(made)))


def says(status: int, content: bytes = b"") -> Reply:
    return lambda _: httpx.Response(status, content=content)


def is_away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


def hangs(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer", request=request)


class LocalStack:
    """Gives one reply after another, and repeats the last one."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url}")
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return reply(request)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "AGAIN_SECONDS", 0)
    monkeypatch.setattr(asking, "UNREADABLE_SECONDS", 0)


@pytest.fixture
def deployment() -> Deployment:
    told = Told()
    return Deployment(Registry(), told.prepared.append, told.retired.append, told.routed.append)


def ask(deployment: Deployment, localstack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    real = httpx.AsyncClient

    def client(**settings: object) -> httpx.AsyncClient:
        assert settings["trust_env"] is False, "the shell's proxy must not be used"
        return real(transport=httpx.MockTransport(localstack))

    monkeypatch.setattr("tidings_local.runner.asking.httpx.AsyncClient", client)

    async def limited() -> None:
        async with asyncio.timeout(60):
            await ask_until_known(deployment, "http://localstack:4566")

    asyncio.run(limited())


@pytest.mark.parametrize(
    "not_yet", [is_away, hangs, says(404), says(500), says(503, b"{}")], ids=range(5)
)
def test_localstack_that_is_not_ready_is_asked_again(
    deployment: Deployment, not_yet: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    localstack = LocalStack(not_yet, not_yet, deployed(snapshot(a_function(), number=3)))
    ask(deployment, localstack, monkeypatch)
    assert localstack.asked == ["GET http://localstack:4566/_tidings/deployed"] * 3
    assert deployment.registry.find("orders")
    assert deployment.known is not None
    assert deployment.known.number == 3


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"session": "s", "of_later": 1}'])
def test_unreadable_answer_is_reported_and_requested_again(
    deployment: Deployment,
    content: bytes,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    localstack = LocalStack(says(200, content), deployed(snapshot(a_function())))
    ask(deployment, localstack, monkeypatch)
    assert len(localstack.asked) == 2
    assert "LocalStack may have another version" in caplog.text


def test_empty_deployment_is_valid_too(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    localstack = LocalStack(deployed(snapshot()))
    ask(deployment, localstack, monkeypatch)
    assert len(localstack.asked) == 1
    assert deployment.known is not None


def test_older_answer_does_not_replace_a_newer_change(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LocalStack may send a change while its answer is still on the network."""

    def answer_late(_: httpx.Request) -> httpx.Response:
        deployment.replace(snapshot(a_function(revision="new"), session="told"))
        return deployed(snapshot(a_function(revision="old"), session="asked"))(_)

    localstack = LocalStack(answer_late)
    ask(deployment, localstack, monkeypatch)
    assert len(localstack.asked) == 1
    assert deployment.registry.find("orders").function.revision == "new"


def test_runner_that_has_a_deployment_asks_nothing(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.replace(snapshot(a_function()))
    localstack = LocalStack(is_away)
    ask(deployment, localstack, monkeypatch)
    assert localstack.asked == []
