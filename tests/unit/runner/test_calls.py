import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.unit.runner.builders import PREFIX, FakeHost, FakeRecorder, a_function
from tidings_local.lambda_host import Invocation, ThrottledError
from tidings_local.runner.calls import Calls, ReservedConcurrencyError
from tidings_local.runner.forms import FunctionSettings
from tidings_local.runner.registry import Registry, UnknownFunctionError

Result = TypeVar("Result")


def calls(host: FakeHost, reserved: int | None = None) -> Calls:
    registry = Registry()
    registry.put(a_function())
    registry.put(a_function(version="1"))
    registry.set_settings(f"{PREFIX}:orders", FunctionSettings(reserved))
    return Calls(registry, host, FakeRecorder())


def told(of: Calls) -> list[str]:
    assert isinstance(of.recorder, FakeRecorder)
    return [what for what, _ in of.recorder.told]


def run(work: Awaitable[Result]) -> Result:
    async def bounded() -> Result:
        async with asyncio.timeout(60):
            return await work

    return asyncio.run(bounded())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0)


def test_call_reaches_its_function_and_is_recorded() -> None:
    host = FakeHost()
    made = calls(host)
    outcome = run(made.invoke("orders:1", Invocation(payload=b"1")))
    assert outcome is host.outcome
    ((function, invocation),) = host.called
    assert (function.version, invocation.payload) == ("1", b"1")
    assert told(made) == ["begins", "ends"]


def test_unknown_function_is_not_recorded() -> None:
    made = calls(FakeHost())
    with pytest.raises(UnknownFunctionError):
        run(made.invoke("products", Invocation(payload=b"1")))
    assert told(made) == []


def test_nothing_runs_with_a_concurrency_of_zero() -> None:
    host = FakeHost()
    made = calls(host, reserved=0)
    with pytest.raises(ReservedConcurrencyError):
        run(made.invoke("orders", Invocation(payload=b"1")))
    assert (host.called, told(made)) == ([], ["is throttled"])


def test_reserved_concurrency_is_shared_by_all_versions() -> None:
    async def scenario() -> None:
        host = FakeHost(may_answer=asyncio.Event())
        made = calls(host, reserved=2)
        running = [
            asyncio.create_task(made.invoke(name, Invocation(payload=b"1")))
            for name in ("orders", "orders:1")
        ]
        await until(lambda: len(host.called) == 2)
        with pytest.raises(ReservedConcurrencyError):
            await made.invoke("orders", Invocation(payload=b"1"))
        assert host.may_answer
        host.may_answer.set()
        await asyncio.gather(*running)
        await made.invoke("orders", Invocation(payload=b"1"))

    run(scenario())


def test_busy_environments_are_a_throttle() -> None:
    made = calls(FakeHost(error=ThrottledError("arn", 10)), reserved=1)
    for _ in range(2):  # the second call finds a free place
        with pytest.raises(ThrottledError, match="stayed busy"):
            run(made.invoke("orders", Invocation(payload=b"1")))
    assert told(made) == ["begins", "is given up", "is throttled"] * 2


def test_call_whose_caller_leaves_continues_and_is_recorded() -> None:
    async def scenario() -> Calls:
        host = FakeHost(may_answer=asyncio.Event())
        made = calls(host)
        caller = asyncio.create_task(made.invoke("orders", Invocation(payload=b"1")))
        await until(lambda: len(host.called) == 1)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        assert host.may_answer
        host.may_answer.set()
        await until(lambda: len(told(made)) > 1)
        return made

    assert told(run(scenario())) == ["begins", "ends"]
