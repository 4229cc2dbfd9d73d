"""Let LocalStack 4.12 load its Docker executor on Python 3.11.

`localstack.packages.api` has the annotation `Lock | None`, but before Python 3.13 `threading.Lock`
is a function, so that importing the module fails.
"""

import importlib
import threading

from localstack.runtime import hooks

_new_lock = threading.Lock


class LockType:
    """Makes a lock when called, and is a class, so that it can be part of an annotation."""

    def __new__(cls) -> "LockType":
        return _new_lock()  # type: ignore[return-value]


@hooks.on_runtime_create()  # type: ignore[untyped-decorator]
def import_packages_api() -> None:
    if isinstance(_new_lock, type):
        return
    threading.Lock = LockType
    try:
        importlib.import_module("localstack.packages.api")
    finally:
        threading.Lock = _new_lock
