"""Run the loop of a connection to RabbitMQ while something is awaited."""

import time
from collections.abc import Callable

from pika.adapters.select_connection import IOLoop, SelectConnection


def run(connection: SelectConnection, done: Callable[[], bool], seconds: float) -> None:
    """Run the connection's loop until `done` returns true, or for `seconds`."""
    loop: IOLoop = connection.ioloop
    loop.activate_poller()
    try:
        deadline = time.monotonic() + seconds
        while True:
            loop.call_later(max(0.0, min(0.05, deadline - time.monotonic())), lambda: None)
            loop.poll()
            loop.process_timeouts()
            if done() or time.monotonic() >= deadline:
                return
    finally:
        loop.deactivate_poller()
