"""Work that is completed although its task is cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

MORE_SECONDS: Final = 3.0


async def unbroken(work: Coroutine[Any, Any, None]) -> None:
    """Await work. If this is cancelled, the work has some more seconds to end."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=MORE_SECONDS)
        task.cancel()
        raise
