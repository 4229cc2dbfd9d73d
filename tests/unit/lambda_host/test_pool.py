from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import cast

import pytest

from tests.unit.lambda_host.builders import a_function, wait_until
from tidings_local.lambda_host import Function, HostStoppedError, ThrottledError
from tidings_local.lambda_host.environment import Environment
from tidings_local.lambda_host.pool import EnvironmentPool, PoolLimits


class Stub:
    """An environment without a process: the pool's own rules need none."""

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


def a_pool(per_function: int = 2, total: int = 10, wait_seconds: float = 0) -> EnvironmentPool:
    def create(function: Function) -> Environment:
        return cast(Environment, Stub(function))

    return EnvironmentPool(create, PoolLimits(per_function, total, wait_seconds))


def test_idle_environment_is_used_again(function: Function) -> None:
    pool = a_pool()
    first = pool.lease(function)
    pool.give_back(first)
    assert pool.lease(function) is first


def test_busy_environments_are_bounded_for_each_function(function: Function) -> None:
    pool = a_pool(per_function=2)
    pool.lease(function)
    pool.lease(function)
    with pytest.raises(ThrottledError, match="stayed busy for 0 seconds"):
        pool.lease(function)
    pool.lease(replace(function, arn="another"))


def test_a_functions_own_limit_is_lower(function: Function) -> None:
    pool = a_pool(per_function=2)
    narrow = replace(function, max_environments=1)
    pool.lease(narrow)
    with pytest.raises(ThrottledError):
        pool.lease(narrow)


def test_waiting_call_gets_what_is_given_back(function: Function) -> None:
    pool = a_pool(per_function=1, wait_seconds=10)
    first = pool.lease(function)
    got: list[Environment] = []
    waiting = Thread(target=lambda: got.append(pool.lease(function)))
    waiting.start()
    pool.give_back(first)
    waiting.join(10)
    assert got == [first]


def test_dead_environment_is_replaced(function: Function) -> None:
    pool = a_pool()
    dead = pool.lease(function)
    pool.give_back(dead)
    cast(Stub, dead).usable = False
    assert pool.lease(function) is not dead
    assert cast(Stub, dead).stopped


def test_broken_environment_is_not_kept(function: Function) -> None:
    pool = a_pool()
    broken = pool.lease(function)
    cast(Stub, broken).usable = False
    pool.give_back(broken)
    assert cast(Stub, broken).stopped
    assert pool.lease(function) is not broken


def test_oldest_idle_one_makes_room_when_all_functions_together_are_too_many(
    function: Function,
) -> None:
    pool = a_pool(total=2)
    others = [replace(function, arn=arn) for arn in ("older", "newer")]
    older, newer = [cast(Stub, pool.lease(other)) for other in others]
    pool.give_back(cast(Environment, older))
    pool.give_back(cast(Environment, newer))
    pool.lease(function)
    assert (older.stopped, newer.stopped) == (True, False)


def test_total_is_never_passed_when_all_are_busy(function: Function) -> None:
    pool = a_pool(total=1)
    pool.lease(replace(function, arn="other"))
    with pytest.raises(ThrottledError):
        pool.lease(function)


def test_retired_environment_ends_after_its_call(function: Function) -> None:
    pool = a_pool()
    idle, busy = [cast(Stub, pool.lease(function)) for _ in range(2)]
    pool.give_back(cast(Environment, idle))
    pool.retire(function.key)
    assert (idle.stopped, busy.stopped) == (True, False)
    pool.give_back(cast(Environment, busy))
    assert busy.stopped


def test_new_revision_never_gets_an_old_environment(function: Function) -> None:
    pool = a_pool()
    old = pool.lease(function)
    pool.give_back(old)
    assert pool.lease(replace(function, revision="next")) is not old


def test_what_was_idle_too_long_is_ended(function: Function) -> None:
    pool = a_pool()
    idle = cast(Stub, pool.lease(function))
    pool.give_back(cast(Environment, idle))
    pool.end_idle(keepalive_seconds=60)
    assert not idle.stopped
    pool.end_idle(keepalive_seconds=-1)
    assert idle.stopped


def test_stop_ends_idle_and_busy_and_wakes_who_waits(function: Function) -> None:
    pool = a_pool(per_function=1, wait_seconds=10)
    busy = cast(Stub, pool.lease(function))
    refused: list[Exception] = []

    def wait() -> None:
        try:
            pool.lease(function)
        except HostStoppedError as error:
            refused.append(error)

    waiting = Thread(target=wait)
    waiting.start()
    pool.stop()
    waiting.join(10)
    wait_until(lambda: busy.stopped, "busy one is stopped")
    assert len(refused) == 1
    with pytest.raises(HostStoppedError):
        pool.lease(function)
