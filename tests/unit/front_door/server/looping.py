"""An event loop in another thread, so that a test can use plain blocking sockets."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import uvloop

Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine on the loop and returns its result."""


@contextmanager
def loop_in_a_thread() -> Iterator[Run]:
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
