import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import cast

import pytest

from tests.unit.lambda_host.builders import a_function
from tidings_local.lambda_host import Function, HostStoppedError, ThrottledError
from tidings_local.lambda_host.environment import Environment
from tidings_local.lambda_host.pool import EnvironmentPool, PoolLimits


class Stub:
    """An environment without a process, which the pool's own rules do not need."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.usable = True
        self.retired = False
        self.stopped = False
        self.idle_since = 0.0

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def function(tmp_path: Path) -> Function:
    return a_function(tmp_path)


def on_a_loop(test: Callable[[Function], Awaitable[None]]) -> Callable[[Function], None]:
    @wraps(test)
    def run(function: Function) -> None:
        async def bounded() -> None:
            await asyncio.wait_for(test(function), 60)

        asyncio.run(bounded())

    return run


def a_pool(per_function: int = 2, total: int = 10, wait_seconds: float = 0) -> EnvironmentPool:
    def create(function: Function) -> Environment:
        return cast(Environment, Stub(function))

    return EnvironmentPool(create, PoolLimits(per_function, total, wait_seconds))


@on_a_loop
async def test_idle_environment_is_used_again(function: Function) -> None:
    pool = a_pool()
    first = await pool.lease(function)
    pool.give_back(first)
    assert await pool.lease(function) is first


@on_a_loop
async def test_busy_environments_are_bounded_for_each_function(function: Function) -> None:
    pool = a_pool(per_function=2)
    await pool.lease(function)
    await pool.lease(function)
    with pytest.raises(ThrottledError, match="stayed busy for 0 seconds"):
        await pool.lease(function)
    await pool.lease(replace(function, arn="another"))


@on_a_loop
async def test_function_may_have_a_lower_limit(function: Function) -> None:
    pool = a_pool(per_function=2)
    narrow = replace(function, max_environments=1)
    await pool.lease(narrow)
    with pytest.raises(ThrottledError):
        await pool.lease(narrow)


@on_a_loop
async def test_waiting_call_gets_a_returned_environment(function: Function) -> None:
    pool = a_pool(per_function=1, wait_seconds=60)
    first = await pool.lease(function)
    waiting = asyncio.create_task(pool.lease(function))
    await asyncio.sleep(0)
    pool.give_back(first)
    assert await waiting is first


@on_a_loop
async def test_waiting_calls_are_served_in_their_order(function: Function) -> None:
    pool = a_pool(per_function=1, wait_seconds=60)
    environment = await pool.lease(function)
    served: list[int] = []

    async def call(number: int) -> None:
        leased = await pool.lease(function)
        served.append(number)
        pool.give_back(leased)

    calls = [asyncio.create_task(call(number)) for number in range(20)]
    await asyncio.sleep(0)
    pool.give_back(environment)
    await asyncio.gather(*calls)
    assert served == list(range(20))


@on_a_loop
async def test_waiting_call_replaces_a_broken_environment(function: Function) -> None:
    pool = a_pool(per_function=1, wait_seconds=60)
    broken = await pool.lease(function)
    waiting = asyncio.create_task(pool.lease(function))
    await asyncio.sleep(0)
    cast(Stub, broken).usable = False
    pool.give_back(broken)
    assert await waiting is not broken


@on_a_loop
async def test_returned_environment_makes_room_for_another_function(function: Function) -> None:
    pool = a_pool(total=1, wait_seconds=60)
    other = await pool.lease(replace(function, arn="other"))
    waiting = asyncio.create_task(pool.lease(function))
    await asyncio.sleep(0)
    pool.give_back(other)
    assert (await waiting).function.arn == function.arn
    assert cast(Stub, other).stopped


@on_a_loop
async def test_cancelled_call_frees_its_place_and_its_environment(function: Function) -> None:
    pool = a_pool(per_function=1, wait_seconds=60)
    environment = await pool.lease(function)
    early, late, next_one = (asyncio.create_task(pool.lease(function)) for _ in range(3))
    await asyncio.sleep(0)
    early.cancel()  # while it waits
    pool.give_back(environment)
    late.cancel()  # the pool has assigned the environment, but the call has not resumed yet
    assert await next_one is environment
    assert early.cancelled() or await asyncio.wait({early})
    pool.give_back(environment)
    assert await pool.lease(function) is environment


@on_a_loop
async def test_dead_environment_is_replaced(function: Function) -> None:
    pool = a_pool()
    dead = await pool.lease(function)
    pool.give_back(dead)
    cast(Stub, dead).usable = False
    assert await pool.lease(function) is not dead
    assert cast(Stub, dead).stopped


@on_a_loop
async def test_broken_environment_is_not_kept(function: Function) -> None:
    pool = a_pool()
    broken = await pool.lease(function)
    cast(Stub, broken).usable = False
    pool.give_back(broken)
    assert cast(Stub, broken).stopped
    assert await pool.lease(function) is not broken


@on_a_loop
async def test_oldest_idle_environment_ends_when_the_total_is_reached(
    function: Function,
) -> None:
    pool = a_pool(total=2)
    others = [replace(function, arn=arn) for arn in ("older", "newer")]
    older, newer = [cast(Stub, await pool.lease(other)) for other in others]
    pool.give_back(cast(Environment, older))
    pool.give_back(cast(Environment, newer))
    await pool.lease(function)
    assert (older.stopped, newer.stopped) == (True, False)


@on_a_loop
async def test_total_is_never_exceeded_when_all_are_busy(function: Function) -> None:
    pool = a_pool(total=1)
    await pool.lease(replace(function, arn="other"))
    with pytest.raises(ThrottledError):
        await pool.lease(function)


@on_a_loop
async def test_retired_environment_ends_after_its_call(function: Function) -> None:
    pool = a_pool()
    idle, busy = [cast(Stub, await pool.lease(function)) for _ in range(2)]
    pool.give_back(cast(Environment, idle))
    pool.retire(function.key)
    assert (idle.stopped, busy.stopped) == (True, False)
    pool.give_back(cast(Environment, busy))
    assert busy.stopped


@on_a_loop
async def test_new_revision_never_gets_an_old_environment(function: Function) -> None:
    pool = a_pool()
    old = await pool.lease(function)
    pool.give_back(old)
    assert await pool.lease(replace(function, revision="next")) is not old


@on_a_loop
async def test_environment_idle_for_too_long_is_ended(function: Function) -> None:
    pool = a_pool()
    idle = cast(Stub, await pool.lease(function))
    pool.give_back(cast(Environment, idle))
    pool.end_idle(keepalive_seconds=60)
    assert not idle.stopped
    pool.end_idle(keepalive_seconds=-1)
    assert idle.stopped


@on_a_loop
async def test_environment_that_died_while_idle_is_ended(function: Function) -> None:
    pool = a_pool()
    dead, alive = [cast(Stub, await pool.lease(function)) for _ in range(2)]
    for each in (dead, alive):
        pool.give_back(cast(Environment, each))
    dead.usable = False
    pool.end_idle(keepalive_seconds=60)
    assert (dead.stopped, alive.stopped) == (True, False)


@on_a_loop
async def test_stop_ends_all_environments_and_wakes_waiting_calls(function: Function) -> None:
    pool = a_pool(per_function=1, wait_seconds=60)
    busy = cast(Stub, await pool.lease(function))
    idle = cast(Stub, await pool.lease(replace(function, arn="idle")))
    pool.give_back(cast(Environment, idle))
    waiting = asyncio.create_task(pool.lease(function))
    await asyncio.sleep(0)
    pool.stop()
    with pytest.raises(HostStoppedError):
        await waiting
    assert (busy.stopped, idle.stopped) == (True, True)
    with pytest.raises(HostStoppedError):
        await pool.lease(function)


@on_a_loop
async def test_function_without_environments_leaves_no_state(function: Function) -> None:
    pool = a_pool()
    for number in range(10):
        each = replace(function, revision=str(number))
        environment = await pool.lease(each)
        pool.retire(each.key)
        pool.give_back(environment)
    assert not pool._groups
    assert pool._count == 0
