"""Limit the form of a parsed document before it is validated.

Some validation rules need quadratic time, so this bounds their input first: a walk over 2,000
tokens takes milliseconds, but comparing 400 equal fields with each other takes seconds.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
)
from limits import TooComplex

# Nesting of nodes; a field in a field counts two. Tools ask for 20 levels of types.
MAX_NESTING: Final = 100
MAX_FRAGMENTS: Final = 100
# Longer than every valid Int or Float.
MAX_NUMBER_CHARACTERS: Final = 32
# The number of visited nodes and of comparisons between fields of the same name, which must be
# merged.
MAX_MERGE_WORK: Final = 10_000


def check_form(document: DocumentNode) -> None:
    """Check that a document can be validated quickly.

    Raises:
        TooComplex: it nests too deep, or has too many fragments or fields to merge.
        GraphQLError: a number has too many digits.
    """
    for node, depth in _nodes(document):
        if depth > MAX_NESTING:
            raise TooComplex("The document's nesting is too deep.")
        if _digits(node) > MAX_NUMBER_CHARACTERS:
            raise GraphQLError("A number has too many digits.", node)
    fragments = _fragments(document)
    if len(fragments) > MAX_FRAGMENTS:
        raise TooComplex(f"The document has more than {MAX_FRAGMENTS} fragments.")
    _check_merges(document, fragments)


def _nodes(document: DocumentNode) -> Iterator[tuple[Node, int]]:
    """Yield every node and its depth."""
    waiting: list[tuple[Node, int]] = [(document, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        for key in node.keys:
            child = getattr(node, key, None)
            children = child if isinstance(child, list | tuple) else (child,)
            waiting.extend((each, depth + 1) for each in children if isinstance(each, Node))


def _digits(node: Node) -> int:
    return len(node.value) if isinstance(node, IntValueNode | FloatValueNode) else 0


Fragments = dict[str, FragmentDefinitionNode]


def _fragments(document: DocumentNode) -> Fragments:
    return {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }


class _Place(NamedTuple):
    """A selection set, and the fragments that led to it."""

    selections: SelectionSetNode
    through: frozenset[str]


def _check_merges(document: DocumentNode, fragments: Fragments) -> None:
    """Limit the work of OverlappingFieldsCanBeMerged: the pairs of fields with one name."""
    roots = [
        _Place(each.selection_set, frozenset())
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    waiting, work = [[root] for root in roots], 0
    while waiting:
        visited, groups = _merged(waiting.pop(), fragments)
        work += visited + sum(len(group) * (len(group) - 1) // 2 for group in groups.values())
        if work > MAX_MERGE_WORK:
            raise TooComplex("The document repeats too many fields: select each of them once.")
        for group in groups.values():
            inner = [place for place in group if place is not None]
            if inner:
                waiting.append(inner)


def _merged(
    places: list[_Place], fragments: Fragments
) -> tuple[int, dict[str, list[_Place | None]]]:
    """Return the number of nodes in selection sets that merge, and their fields by name.

    A field is represented by its own selections, or by None. A fragment counts once, and not inside
    itself, because another rule refuses that.
    """
    visited, spread, groups = 0, set[str](), dict[str, list[_Place | None]]()
    waiting = list(places)
    while waiting and visited <= MAX_MERGE_WORK:
        selections, through = waiting.pop()
        for node in selections.selections:
            visited += 1
            if isinstance(node, FieldNode):
                name = (node.alias or node.name).value
                inner = node.selection_set
                groups.setdefault(name, []).append(_Place(inner, through) if inner else None)
            elif isinstance(node, InlineFragmentNode):
                waiting.append(_Place(node.selection_set, through))
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in fragments and name not in spread and name not in through:
                    spread.add(name)
                    waiting.append(_Place(fragments[name].selection_set, through | {name}))
    return visited, groups
