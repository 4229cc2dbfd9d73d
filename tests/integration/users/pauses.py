"""Stop a request at one point while another call runs, with real threads."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

Result = TypeVar("Result")
WAIT_SECONDS = 60


class Pause:
    """The point `module.name`: the first thread that reaches it waits before or after it."""

    def __init__(self, module: Any, name: str, *, after: bool = False) -> None:
        self.module, self.name, self.after = module, name, after
        self._reached, self._released = threading.Event(), threading.Event()
        self._first = threading.Lock()

    def __repr__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.name}"

    @contextmanager
    def installed(self) -> Iterator[None]:
        original = getattr(self.module, self.name)

        def paused(*arguments: Any, **named: Any) -> Any:
            result = original(*arguments, **named) if self.after else None
            if self._first.acquire(blocking=False):
                self._reached.set()
                assert self._released.wait(WAIT_SECONDS)
            return result if self.after else original(*arguments, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.module, self.name, paused)
            yield

    def wait(self) -> None:
        assert self._reached.wait(WAIT_SECONDS), f"no thread reached {self!r}"

    def release(self) -> None:
        self._released.set()


def during(
    pause: Pause, call: Callable[[], Result], meanwhile: Callable[[], object]
) -> Result | Exception:
    """Make a call, run something else while it waits at the pause; return the call's result."""
    with pause.installed(), ThreadPoolExecutor(1) as threads:
        running = threads.submit(call)
        try:
            pause.wait()
            meanwhile()
        finally:
            pause.release()
        try:
            return running.result(WAIT_SECONDS)
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            return error
