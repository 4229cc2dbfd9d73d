import asyncio
import gc

import pytest

from tests.host_thread import LoopThread
from tidings_local.lambda_host.background import Background


def test_work_started_by_other_work_is_awaited(loop: LoopThread) -> None:
    done: list[str] = []

    async def work() -> None:
        background = Background()

        async def last() -> None:
            await asyncio.sleep(0.02)
            done.append("last")

        async def first() -> None:
            await asyncio.sleep(0.01)
            background.spawn(last())
            done.append("first")

        background.spawn(first())
        gc.collect()
        await background.join(60)

    loop.run(work())
    assert done == ["first", "last"]


def test_work_that_does_not_end_is_reported_and_abandoned(
    loop: LoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        background = Background()
        endless = background.spawn(asyncio.sleep(60))
        await background.join(0.02)
        endless.cancel()

    loop.run(work())
    assert "work continues after the stop" in caplog.text
