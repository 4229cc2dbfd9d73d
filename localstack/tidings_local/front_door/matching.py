"""Find the resource of a REST API for a path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

T = TypeVar("T")

ANY: Final = "ANY"
METHODS_OF_ANY: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

Parameters = dict[str, str]


@dataclass(slots=True)
class _Node(Generic[T]):
    methods: dict[str, T] = field(default_factory=dict)
    static: "dict[str, _Node[T]]" = field(default_factory=dict)
    parameters: "dict[str, _Node[T]]" = field(default_factory=dict)
    greedy: "dict[str, _Node[T]]" = field(default_factory=dict)


class PathTree(Generic[T]):
    """Finds resources: a literal segment has priority over `{parameter}`, and that over `{proxy+}`.

    A resource without the method does not hide a less exact one that has it.
    """

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._literal: dict[str, _Node[T]] = {}

    def add(self, path: str, methods: Mapping[str, T]) -> None:
        """Add a resource, such as `/orders/{order_id}`."""
        node = self._root
        for segment in path.split("/")[1:] if path != "/" else ():
            node = _child(node, segment)
        node.methods.update(methods)
        if "{" not in path:
            self._literal[path.rstrip("/")] = node

    def find(self, path: str, method: str) -> tuple[T, Parameters] | None:
        """Return the method's value at a path, with the path's parameters.

        Segments are compared as the client encoded them. Trailing slashes are ignored.
        """
        path = path.rstrip("/")
        literal = self._literal.get(path)
        found = None if literal is None else _of_method(literal, method)
        if found is not None:
            return found, {}
        parameters: Parameters = {}
        found = _search(self._root, path.split("/")[1:], method, parameters)
        return None if found is None else (found, parameters)


def _child(node: _Node[T], segment: str) -> _Node[T]:
    if not segment.startswith("{"):
        return node.static.setdefault(segment, _Node())
    name = segment[1:-1]
    if name.endswith("+"):
        return node.greedy.setdefault(name[:-1], _Node())
    return node.parameters.setdefault(name, _Node())


def _of_method(node: _Node[T], method: str) -> T | None:
    found = node.methods.get(method)
    if found is None and method in METHODS_OF_ANY:
        return node.methods.get(ANY)
    return found


def _search(node: _Node[T], rest: list[str], method: str, parameters: Parameters) -> T | None:
    if not rest:
        return _of_method(node, method)
    first = rest[0]
    if first in node.static:
        found = _search(node.static[first], rest[1:], method, parameters)
        if found is not None:
            return found
    for name, child in node.parameters.items() if first else ():
        found = _search(child, rest[1:], method, parameters)
        if found is not None:
            parameters[name] = first
            return found
    return _greedy(node, rest, method, parameters)


def _greedy(node: _Node[T], rest: list[str], method: str, parameters: Parameters) -> T | None:
    for name, child in node.greedy.items():
        found = _of_method(child, method)
        if found is not None:
            parameters[name] = "/".join(rest)
            return found
    return None
