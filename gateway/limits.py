"""Limits on a document's form, checked before execution; cost.py limits its result."""

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

from tidings.platform.security.auth import Principal, Role

MAX_DOCUMENT_CHARACTERS: Final = 20_000
MAX_VARIABLES_CHARACTERS: Final = 65_536
# For operators and services, who send many messages in one request. It is the limit of REST, too.
MAX_BULK_BYTES: Final = 2 * 1024 * 1024
MAX_TOKENS: Final = 2_000
MAX_DEPTH: Final = 12
# Tools ask for nested types; graphql-core limits the cost of that.
MAX_INTROSPECTION_DEPTH: Final = 20
MAX_ALIASES: Final = 50
# The whole schema has 80 KB. 50 aliases of it made a response of 4 MB, which took four seconds.
MAX_INTROSPECTION_ALIASES: Final = 5
MAX_DIRECTIVES: Final = 50


def is_for_bulk(principal: Principal | None) -> bool:
    """Say whether a caller may send large requests."""
    return principal is not None and (
        principal.role is Role.SERVICE or principal.role.includes(Role.OPERATOR)
    )


class TooComplex(GraphQLError):
    """The document costs more than one request may."""


class DepthLimit(ValidationRule):
    """Refuses operations that nest deeper than MAX_DEPTH, including fragments."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments = {
            each.name.value: each
            for each in context.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        # Each fragment is measured once. Otherwise fragments that spread each other repeatedly
        # would need exponential time.
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
            # The value while the fragment is measured: a rule of the specification refuses
            # fragments that spread themselves.
            self._measured[name] = 0
            self._measured[name] = self._depth(self._fragments[name].selection_set)
        return self._measured.get(name, 0)


class CountLimit(ValidationRule):
    """Refuses documents with too many aliases or directives."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._aliases = 0
        self._introspection_aliases = 0
        self._directives = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self._aliases += node.alias is not None
        if self._aliases == MAX_ALIASES + 1:
            self.report_error(
                TooComplex(f"The document has more than {MAX_ALIASES} aliases.", node)
            )
        self._introspection_aliases += node.alias is not None and self._introspects(node)
        if self._introspection_aliases == MAX_INTROSPECTION_ALIASES + 1:
            limit = f"The document has more than {MAX_INTROSPECTION_ALIASES} introspection aliases."
            self.report_error(TooComplex(limit, node))

    def _introspects(self, node: FieldNode) -> bool:
        parent = self.context.get_parent_type()
        of_schema = parent is not None and parent.name.startswith("__")
        return of_schema or node.name.value in {"__schema", "__type"}

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self._directives += 1
        if self._directives == MAX_DIRECTIVES + 1:
            self.report_error(
                TooComplex(f"The document has more than {MAX_DIRECTIVES} directives.", node)
            )
