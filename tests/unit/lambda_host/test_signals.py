import asyncio
import time

from tests.host_thread import LoopThread
from tidings_local.lambda_host.signals import Answered, Exited, Ready, Signal, Signals


def test_signals_come_in_their_order(loop: LoopThread) -> None:
    signals = loop.call(Signals)
    sent: list[Signal] = [Ready(), Answered("r-1", b"1"), Exited(0)]

    async def told() -> list[Signal | None]:
        for each in sent:
            signals.put(each)
        return [await signals.get(time.monotonic() + 60) for _ in sent]

    assert loop.run(told()) == sent


def test_no_signal_until_the_deadline_returns_none(loop: LoopThread) -> None:
    signals = loop.call(Signals)
    began = time.monotonic()
    assert loop.run(signals.get(began + 0.05)) is None
    assert time.monotonic() - began >= 0.05


def test_signal_to_a_reader_that_left_is_kept(loop: LoopThread) -> None:
    signals = loop.call(Signals)

    async def told() -> Signal | None:
        reader = asyncio.create_task(signals.get(time.monotonic() + 60))
        await asyncio.sleep(0)
        reader.cancel()
        await asyncio.wait({reader})
        signals.put(Ready())
        return await signals.get(time.monotonic() + 60)

    assert loop.run(told()) == Ready()
