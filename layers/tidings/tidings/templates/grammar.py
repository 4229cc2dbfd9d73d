"""The part of Jinja that templates may use.

This is an allow-list: texts, variables and their parts, conditions, loops over given lists, and a
few filters. There are no calls, arithmetic, assignments, macros, imports or inclusions. So output
grows only by given values and by loops, which are counted (sandbox.py).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from jinja2 import nodes

MAX_DEPTH: Final = 30
MAX_LOOPS: Final = 2
# Compiling takes a third of a millisecond per node.
MAX_NODES: Final = 1_000
FILTERS: Final = frozenset(
    {
        *("upper", "lower", "capitalize", "trim", "truncate", "urlencode"),
        *("default", "length", "join", "money", "date", "datetime"),
    }
)
HTML_FILTERS: Final = FILTERS | {"button"}
TESTS: Final = frozenset({"defined", "undefined", "none"})
LOOP_ATTRIBUTES: Final = frozenset({"index", "first", "last", "length"})
# How people write the nodes whose name in the syntax tree differs.
WRITTEN_AS: Final = {
    nodes.Mul: "*",
    nodes.Pow: "**",
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
    nodes.Concat: "~",
    nodes.Call: "a call",
    nodes.Keyword: "a named argument",
    nodes.Slice: "a slice",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
}

_EXPRESSIONS: Final = (
    *(nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Test, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Name),
)
_ALLOWED: Final = (
    *_EXPRESSIONS,
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For),
)


class Fault(NamedTuple):
    """A fault in a template's text, and its line."""

    line: int
    message: str


class _Place(NamedTuple):
    """The known names at a place of the tree, and its depth."""

    known: frozenset[str]
    filters: frozenset[str]
    depth: int = 0
    loops: int = 0


def faults(tree: nodes.Template, known: frozenset[str], *, html: bool) -> Iterator[Fault]:
    """Yield the faults of a template that may use these variables."""
    if sum(1 for _ in tree.find_all(nodes.Node)) > MAX_NODES:
        yield Fault(1, f"the text has more than {MAX_NODES} parts")
        return
    for line, message in _walk(tree, _Place(known, HTML_FILTERS if html else FILTERS)):
        yield Fault(line or 1, message)


def _walk(node: nodes.Node, place: _Place) -> Iterator[Fault]:
    if place.depth > MAX_DEPTH:
        yield Fault(node.lineno, f"the nesting is deeper than {MAX_DEPTH} levels")
        return
    if type(node) not in _ALLOWED:
        yield Fault(node.lineno, f"{_name_of(node)} is not allowed in templates")
        return
    yield from _own_faults(node, place)
    inner = place._replace(depth=place.depth + 1)
    if isinstance(node, nodes.For):
        yield from _walk_loop(node, inner)
        return
    for child in node.iter_child_nodes():
        yield from _walk(child, inner)


def _walk_loop(node: nodes.For, place: _Place) -> Iterator[Fault]:
    yield from _walk(node.iter, place)
    if not isinstance(node.target, nodes.Name):
        yield Fault(node.lineno, "a loop must have exactly one variable")
        return
    if node.target.name.startswith("_"):
        yield Fault(node.lineno, "names that start with _ are not allowed")
    known = place.known | {node.target.name, "loop"}
    within = place._replace(known=known, loops=place.loops + 1)
    if within.loops > MAX_LOOPS:
        yield Fault(node.lineno, f"loops nest deeper than {MAX_LOOPS} levels")
        return
    for child in (*node.body, *([node.test] if node.test else ())):
        yield from _walk(child, within)
    for child in node.else_:
        yield from _walk(child, place)


def _own_faults(node: nodes.Node, place: _Place) -> Iterator[Fault]:
    match node:
        case nodes.Name(name=name) if name not in place.known:
            yield Fault(node.lineno, f"the variable {name} is not declared")
        case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=str(name))) if (
            name.startswith("_")
        ):
            yield Fault(node.lineno, "names that start with _ are not allowed")
        case nodes.Getitem(arg=argument) if not isinstance(argument, nodes.Const):
            # Errors and logs name a missing key, so it must not be a variable's value.
            yield Fault(node.lineno, "[] must contain a number or a text")
        case nodes.Filter(name=name) if name not in place.filters:
            yield Fault(node.lineno, f"there is no filter {name}")
        case nodes.Filter(dyn_args=nodes.Node()) | nodes.Filter(dyn_kwargs=nodes.Node()):
            yield Fault(node.lineno, "* and ** are not allowed in templates")
        case nodes.Test(name=name) if name not in TESTS:
            yield Fault(node.lineno, f"there is no test {name}")
        case nodes.For(recursive=True):
            yield Fault(node.lineno, "recursive loops are not allowed")


def _name_of(node: nodes.Node) -> str:
    return WRITTEN_AS.get(type(node), type(node).__name__)
