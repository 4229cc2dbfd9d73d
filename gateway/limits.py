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
    ValidationContext,
    ValidationRule,
)

MAX_DOCUMENT_CHARACTERS: Final = 20_000
MAX_TOKENS: Final = 2_000
MAX_DEPTH: Final = 12


class TooComplex(GraphQLError):
    """A document that costs more than one request may."""


class DepthLimit(ValidationRule):
    """Refuses operations that nest deeper than MAX_DEPTH, fragments included."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments = {
            each.name.value: each
            for each in context.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        # Each fragment is measured once: fragments that spread each other twice and more
        # would take for ever otherwise.
        self._measured: dict[str, int] = {}

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        if self._depth(node.selection_set) > MAX_DEPTH:
            self.report_error(TooComplex(f"The query nests deeper than {MAX_DEPTH} levels.", node))

    def _depth(self, selections: SelectionSetNode | None) -> int:
        depths = [0]
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                depths.append(1 + self._depth(node.selection_set))
            elif isinstance(node, FragmentSpreadNode):
                depths.append(self._fragment_depth(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                depths.append(self._depth(node.selection_set))
        return max(depths)

    def _fragment_depth(self, name: str) -> int:
        if name not in self._measured and name in self._fragments:
            # For as long as it is measured: a fragment that spreads itself is refused by a
            # rule of the specification.
            self._measured[name] = 0
            self._measured[name] = self._depth(self._fragments[name].selection_set)
        return self._measured.get(name, 0)
