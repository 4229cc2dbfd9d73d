"""Find the functions and classes that a function's code uses, by reading the files.

`imports` follows whole modules. This follows names: a handler uses the names in its module, and
each of them uses the names in its own body. A class counts with all its methods. Calls by a
computed name are not found.
"""

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from tests.contract.imports import OUR_NAME, file_of
from tests.contract.project import Function

TYPE_CHECKING: Final = "TYPE_CHECKING"


class Name(NamedTuple):
    """A name at the top level of a module; the empty name stands for the module's statements."""

    module: str
    name: str = ""


@dataclass(frozen=True)
class Module:
    """What each name at the top level of a module refers to."""

    refers: dict[str, frozenset[str]]
    # Imported names with what they stand for.
    imported: dict[str, str]
    modules: frozenset[str]


def names_used_by(
    function: Function, *, also: Iterable[Name] = (), without: Collection[Name] = ()
) -> frozenset[Name]:
    """Return every name that a function's code uses, directly or indirectly.

    Args:
        also: names that the code calls by a computed name.
        without: names whose bodies are not read.
    """
    reached: set[Name] = set()
    waiting = [Name(function.module, name) for name in _module(function.module).refers]
    waiting += also
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [] if name in without else _used(name)
    return frozenset(reached)


def _used(name: Name) -> Iterator[Name]:
    module = _module(name.module)
    if not name.name:
        yield from (Name(found.module) for each in module.modules if (found := _name_of(each)))
    else:
        yield Name(name.module)
    if name.name in module.imported and name.name not in module.refers:
        yield from _resolved(module.imported[name.name])
    for reference in module.refers.get(name.name, ()):
        head, _, rest = reference.partition(".")
        if OUR_NAME.fullmatch(reference):
            yield from _resolved(reference)
        if head in module.refers:
            yield Name(name.module, head)
        elif head in module.imported:
            yield from _resolved(f"{module.imported[head]}.{rest}".rstrip("."))


def _resolved(dotted: str) -> Iterator[Name]:
    found = _name_of(dotted)
    if found:
        yield found


@cache
def _name_of(dotted: str) -> Name | None:
    """Return the name in our code that a dotted text stands for."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        module = ".".join(parts[:end])
        if file_of(module):
            return Name(module, *parts[end : end + 1])
    return None


@cache
def _module(name: str) -> Module:
    file = file_of(name)
    assert file is not None
    tree = ast.parse(file.read_text())
    nodes = list(_nodes(tree))
    return Module(
        refers=_definitions(tree),
        imported=dict(pair for node in nodes for pair in _imported_names(node)),
        modules=frozenset(each for node in nodes for each in _imported_modules(node)),
    )


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below one, without what only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == TYPE_CHECKING:
            continue
        yield child
        yield from _nodes(child)


def _imported_names(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Import(names=names):
            for each in names:
                first = each.name.partition(".")[0]
                yield (each.asname, each.name) if each.asname else (first, first)
        case ast.ImportFrom(module=str(module), names=names):
            yield from ((each.asname or each.name, f"{module}.{each.name}") for each in names)


def _imported_modules(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (each.name for each in names)
        case ast.ImportFrom(module=str(module), names=names):
            yield from (module, *(f"{module}.{each.name}" for each in names))


def _definitions(tree: ast.Module) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {"": frozenset()}
    for statement in tree.body:
        references = frozenset(_references(statement))
        for name in _defined_by(statement):
            found[name] = found.get(name, frozenset()) | references
    return found


def _defined_by(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets) if all(isinstance(each, ast.Name) for each in targets):
            return [each.id for each in targets if isinstance(each, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Import() | ast.ImportFrom():
            return []
    return [""]


def _references(node: ast.AST) -> Iterator[str]:
    """Yield the names and chains of attributes in a statement, without annotations."""
    if isinstance(node, ast.Attribute) and (chain := _chain(node)):
        yield chain
    elif isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Constant) and OUR_NAME.fullmatch(str(node.value)):
        yield str(node.value)
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _references(child)


def _chain(node: ast.expr) -> str | None:
    """Return `a.b.c` as a text."""
    if isinstance(node, ast.Attribute):
        before = _chain(node.value)
        return f"{before}.{node.attr}" if before else None
    return node.id if isinstance(node, ast.Name) else None
