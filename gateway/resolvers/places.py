"""Find resolvers and operations by name, and import their modules at first use.

A request uses a few domains. Importing all of them would take most of the gateway's cold start.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

from tidings.platform.operation import OPERATIONS, Operation

# The module of each operation; `make contracts` writes it. Without it, all are imported.
FILE: Final = Path(__file__).parents[1] / "operations.json"

Value = TypeVar("Value")


class Places(Mapping[str, Value]):
    """A mapping to names in modules (`resolvers.users.me`), which are imported at first use."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, key: str) -> Value:
        module, _, name = self._places[key].rpartition(".")
        found: Value = getattr(import_module(module), name)
        return found

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def operation_named(name: str) -> Operation:
    """Return an operation by its name.

    Raises:
        KeyError: there is no such operation.
    """
    if name not in OPERATIONS and name in _modules():
        import_module(_modules()[name])
    if name not in OPERATIONS:  # a new one, or one that was moved
        import_module("resolvers.declared")
    return OPERATIONS[name]


def at_first_use(find: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
    """Return a resolver that is found when it is called for the first time."""
    found = cache(find)

    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        return found()(source, info, **arguments)

    return resolve


@cache
def _modules() -> dict[str, str]:
    modules: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return modules
