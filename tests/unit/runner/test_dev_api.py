import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tidings_local.front_door.http import Request, Response
from tidings_local.lambda_host import Function, Invocation, Outcome
from tidings_local.runner.dev import api
from tidings_local.runner.dev.api import DevApi
from tidings_local.runner.dev.host import DevHost
from tidings_local.runner.dev.overlay import Overlay
from tidings_local.runner.dev.seen_calls import KEPT, SeenCalls


@dataclass
class Whole:
    content: bytes

    async def read(self, _limit_bytes: int) -> bytes:
        return self.content

    async def chunks(self) -> Any:
        yield self.content


class FakeHost:
    """Answers at once, and records the code that it should have run."""

    def __init__(self) -> None:
        self.ran: list[Path] = []

    async def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        self.ran.append(function.code_dir)
        return Outcome(
            request_id=invocation.request_id,
            payload=b'{"errorType": "KeyError"}',
            is_error=invocation.payload == b"bad",
            logs="START\nEND\n",
        )


class Dev:
    def __init__(self, folder: Path) -> None:
        self.tree = folder / "users"
        self.tree.mkdir()
        self.login = Function(
            name="login",
            version="$LATEST",
            arn="login:$LATEST",
            revision="r",
            handler="h",
            code_dir=folder,
        )
        overlay = Overlay(
            folder / "dev", lambda: [self.login], lambda _: None, lambda _: True, lambda _: None
        )
        self.seen = SeenCalls(clock=lambda: 1.5)
        self.api = DevApi(overlay, self.seen)
        self.runs = FakeHost()
        self.host = DevHost(self.runs, overlay, self.seen)

    async def ask(self, method: str, target: str, content: Any = None) -> tuple[int, Any]:
        request = Request(
            method=method,
            target=target.encode(),
            headers=[],
            version="1.1",
            client="",
            secure=False,
            body=Whole(json.dumps(content).encode()),
        )
        answer: Response = await self.api.answer(request)
        return answer.status, json.loads(answer.body)

    async def lay(self, session: str = "one") -> tuple[int, Any]:
        sources = {
            "functions": {"login": str(self.tree)},
            "layers": [],
            "preload": [],
            "changed": [],
        }
        return await self.ask("PUT", "/dev", sources | {"session": session})

    async def call(self, payload: bytes = b"{}") -> None:
        await self.host.invoke(self.login, Invocation(payload=payload))


@pytest.fixture
def dev(tmp_path: Path) -> Dev:
    return Dev(tmp_path)


def test_calls_run_the_working_tree_until_it_ends(dev: Dev) -> None:
    async def scenario() -> None:
        await dev.call()
        assert (await dev.lay())[0] == 200
        await dev.call()
        assert (await dev.ask("DELETE", "/dev?session=one"))[0] == 200
        await dev.call()

    asyncio.run(scenario())
    assert dev.runs.ran == [dev.login.code_dir, dev.tree, dev.login.code_dir]


def test_calls_are_reported_with_their_logs_once(dev: Dev) -> None:
    async def scenario() -> None:
        await dev.call()  # before the first request for calls
        _, laid = await dev.lay()
        await dev.call()
        await dev.call(b"bad")
        _, told = await dev.ask("GET", f"/dev/calls?session=one&after={laid['after']}")
        first, second = told["calls"]
        assert (first["function"], first["logs"], first["ended_at"]) == (
            "login",
            "START\nEND\n",
            1.5,
        )
        assert (first["is_error"], first["payload"]) == (False, "")
        assert (second["is_error"], second["payload"]) == (True, '{"errorType": "KeyError"}')
        _, told = await dev.ask("GET", f"/dev/calls?session=one&after={first['number']}")
        assert [each["number"] for each in told["calls"]] == [second["number"]]

    asyncio.run(scenario())


def test_waiting_reader_gets_a_call_at_once(dev: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings_local.runner.dev.api.WAIT_SECONDS", 3600.0)

    async def scenario() -> None:
        await dev.lay()
        waiting = asyncio.create_task(dev.ask("GET", "/dev/calls?session=one&after=0"))
        await asyncio.sleep(0)
        assert not waiting.done()
        await dev.call()
        async with asyncio.timeout(60):
            assert len((await waiting)[1]["calls"]) == 1

    asyncio.run(scenario())


def test_waiting_reader_gets_an_empty_answer_after_a_while(
    dev: Dev, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "WAIT_SECONDS", 0.01)

    async def scenario() -> None:
        await dev.lay()
        assert await dev.ask("GET", "/dev/calls?session=one&after=0") == (200, {"calls": []})

    asyncio.run(scenario())


def test_without_make_dev_no_call_is_kept(dev: Dev) -> None:
    asyncio.run(dev.call())
    assert dev.seen.last == 0


def test_old_calls_are_dropped(dev: Dev) -> None:
    async def scenario() -> None:
        await dev.lay()
        for _ in range(KEPT + 5):
            await dev.call()
        calls = await dev.seen.after(0, 0)
        assert (len(calls), calls[0].number) == (KEPT, 6)

    asyncio.run(scenario())


def test_a_second_make_dev_is_refused(dev: Dev) -> None:
    async def scenario() -> None:
        await dev.lay("one")
        assert (await dev.lay("two"))[0] == 409
        assert (await dev.lay("one"))[0] == 200
        await dev.ask("DELETE", "/dev?session=one")
        assert (await dev.lay("two"))[0] == 200

    asyncio.run(scenario())


def test_unknown_session_has_to_begin_again(dev: Dev) -> None:
    async def scenario() -> None:
        assert (await dev.ask("GET", "/dev/calls?session=one&after=0"))[0] == 404
        await dev.lay("one")
        assert (await dev.ask("GET", "/dev/calls?session=other&after=0"))[0] == 404
        assert (await dev.ask("DELETE", "/dev?session=other"))[0] == 404
        assert (await dev.ask("POST", "/dev?session=one"))[0] == 405

    asyncio.run(scenario())
