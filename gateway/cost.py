"""Limit the cost of an operation before it is executed.

Each object costs 1, times the maximum size of the lists around it: a page's size is `first`, the
size of any other list is LIST_SIZE. Leaves are free, mutations are expensive. 100 orders with
items, products and customer cost 5,500; the limit is 10,000.
"""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    value_from_ast_untyped,
)
from limits import TooComplex

from tidings.platform.storage.pagination import MAX_PAGE_SIZE

MAX_COST: Final = 10_000
# It limits the mutations of one operation, so that they are no help in guessing passwords.
CHANGE_COST: Final = 1_000
# An operation counts as one call for each of this, so a mutation counts as one of REST does.
CALL_COST: Final = CHANGE_COST
LIST_SIZE: Final = 10
# One operation sends about 1,000 messages at most, as one request of REST.
MESSAGE_COST: Final = 8
BULK_FIELD: Final = "sendNotifications"


def check_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any] | None,
) -> int:
    """Return the cost of an operation of a valid document.

    Raises:
        TooComplex: the operation may cost more than MAX_COST.
    """
    cost = CostEstimate(schema, document, operation, variables or {}).total()
    if cost > MAX_COST:
        raise TooComplex(
            f"The operation may cost {cost}, more than {MAX_COST}: ask for shorter pages."
        )
    return cost


def calls_of(cost: int) -> int:
    """Return the number of calls that an operation of this cost counts as."""
    return max(1, cost // CALL_COST)


class CostEstimate:
    """Walks an operation; each fragment is visited once for each page size around it."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in operation.variable_definitions or ()
            if each.default_value
        }
        self._variables = {**defaults, **variables}
        self._known: dict[tuple[str, int], int] = {}

    def total(self) -> int:
        root = self._schema.get_root_type(self._operation.operation)
        return self._selections(self._operation.selection_set, root, LIST_SIZE)

    def _selections(self, selections: SelectionSetNode | None, kind: Any, page: int) -> int:
        cost = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                cost += self._field(node, kind, page)
            elif isinstance(node, FragmentSpreadNode):
                cost += self._fragment(node.name.value, page)
            elif isinstance(node, InlineFragmentNode):
                named = node.type_condition
                inner = self._schema.type_map[named.name.value] if named else kind
                cost += self._selections(node.selection_set, inner, page)
        return cost

    def _fragment(self, name: str, page: int) -> int:
        if (name, page) not in self._known:
            fragment = self._fragments[name]
            kind = self._schema.type_map[fragment.type_condition.name.value]
            self._known[name, page] = self._selections(fragment.selection_set, kind, page)
        return self._known[name, page]

    def _field(self, node: FieldNode, parent: Any, page: int) -> int:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return 0
        field = parent.fields.get(node.name.value)
        if field is None:  # introspection, which has its own limits
            return 0
        change = self._change(node) if parent is self._schema.mutation_type else 0
        kind = get_named_type(field.type)
        if not is_composite_type(kind):
            return change
        inner_page = self._first(node, field) if "first" in field.args else LIST_SIZE
        size = page if is_list_type(get_nullable_type(field.type)) else 1
        return change + size * (1 + self._selections(node.selection_set, kind, inner_page))

    def _change(self, node: FieldNode) -> int:
        if node.name.value != BULK_FIELD:
            return CHANGE_COST
        given = [each.value for each in node.arguments or () if each.name.value == "input"]
        wanted = value_from_ast_untyped(given[0], self._variables) if given else None
        messages = wanted.get("notifications") if isinstance(wanted, dict) else None
        number = len(messages) if isinstance(messages, list) else 1
        return CHANGE_COST + MESSAGE_COST * number

    def _first(self, node: FieldNode, field: GraphQLField) -> int:
        """Return the requested page size; the maximum if it is unclear."""
        declared = field.args["first"].ast_node
        given = [each.value for each in node.arguments or () if each.name.value == "first"]
        value = self._value(given[0] if given else declared and declared.default_value)
        return value if isinstance(value, int) and 0 <= value <= MAX_PAGE_SIZE else MAX_PAGE_SIZE

    def _value(self, node: Any) -> Any:
        if isinstance(node, VariableNode):
            return self._variables.get(node.name.value)
        return int(node.value) if isinstance(node, IntValueNode) else None
