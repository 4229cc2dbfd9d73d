"""Answer a greeting with an error while stopping.

A SecantusDB that is stopped no longer knows its address, and then answers as if it were in no
replica set. A driver drops such a server from its set, so that a process whose driver asked at this
moment had no database until it was restarted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

GREETINGS: Final = ("hello", "isMaster", "ismaster")


def refuse_greetings(handlers: dict[str, Any]) -> None:
    """Let a stopping server answer greetings as a MongoDB does, so that drivers ask again."""
    for name in GREETINGS:
        handlers[name] = _greeting(handlers[name])


def _greeting(hello: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(hello)
    def greeted(doc: dict[str, Any], ctx: Any) -> Any:
        if not ctx.replica_set_name or ctx.server_address is not None:
            return hello(doc, ctx)
        return {
            "ok": 0.0,
            "errmsg": "The server is shutting down",
            "code": 91,
            "codeName": "ShutdownInProgress",
        }

    return greeted
