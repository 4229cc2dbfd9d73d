"""Limits that hold before a document is executed."""

from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationRule,
)

MAX_DOCUMENT_CHARACTERS: Final = 20_000
MAX_TOKENS: Final = 2_000
MAX_DEPTH: Final = 12


class TooComplex(GraphQLError):
    """A document that costs more than one request may."""


class DepthLimit(ValidationRule):
    """Refuses operations that nest deeper than MAX_DEPTH, fragments included."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        fragments = {
            each.name.value: each
            for each in self.context.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        if _depth(node.selection_set, fragments, frozenset()) > MAX_DEPTH:
            self.report_error(TooComplex(f"The query nests deeper than {MAX_DEPTH} levels.", node))


def _depth(
    selections: SelectionSetNode | None,
    fragments: dict[str, FragmentDefinitionNode],
    seen: frozenset[str],
) -> int:
    depths = [0]
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            depths.append(1 + _depth(node.selection_set, fragments, seen))
        elif isinstance(node, FragmentSpreadNode):
            name = node.name.value
            # A fragment that spreads itself is refused by a rule of the specification.
            if name in fragments and name not in seen:
                depths.append(_depth(fragments[name].selection_set, fragments, seen | {name}))
        elif isinstance(node, InlineFragmentNode):
            depths.append(_depth(node.selection_set, fragments, seen))
    return max(depths)
