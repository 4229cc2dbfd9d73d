"""Limits on a document's form that hold before it is executed; cost.py has those on its size."""

from typing import Any, Final

from graphql import (
    DirectiveNode,
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
MAX_VARIABLES_CHARACTERS: Final = 65_536
MAX_TOKENS: Final = 2_000
MAX_DEPTH: Final = 12
# Tools ask for types of types of types; graphql-core bounds what that can cost.
MAX_INTROSPECTION_DEPTH: Final = 20
MAX_ALIASES: Final = 50
MAX_DIRECTIVES: Final = 50


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
                depths.append(self._field_depth(node))
            elif isinstance(node, FragmentSpreadNode):
                depths.append(self._fragment_depth(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                depths.append(self._depth(node.selection_set))
        return max(depths)

    def _field_depth(self, node: FieldNode) -> int:
        depth = 1 + self._depth(node.selection_set)
        if node.name.value.startswith("__"):
            return depth - (MAX_INTROSPECTION_DEPTH - MAX_DEPTH)
        return depth

    def _fragment_depth(self, name: str) -> int:
        if name not in self._measured and name in self._fragments:
            # For as long as it is measured: a fragment that spreads itself is refused by a
            # rule of the specification.
            self._measured[name] = 0
            self._measured[name] = self._depth(self._fragments[name].selection_set)
        return self._measured.get(name, 0)


class CountLimit(ValidationRule):
    """Refuses documents with more aliases or directives than any reader writes."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._aliases = 0
        self._directives = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self._aliases += node.alias is not None
        if self._aliases == MAX_ALIASES + 1:
            self.report_error(TooComplex(f"More than {MAX_ALIASES} aliases.", node))

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self._directives += 1
        if self._directives == MAX_DIRECTIVES + 1:
            self.report_error(TooComplex(f"More than {MAX_DIRECTIVES} directives.", node))
