import asyncio
from collections.abc import Iterator

import pytest
import uvloop

from tests.host_thread import LoopThread


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> Iterator[LoopThread]:
    """Return an event loop in its own thread, of each kind that the host supports."""
    thread = LoopThread(request.param)
    yield thread
    thread.close()
