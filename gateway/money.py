"""The scalar MinorUnits: amounts of money in whole minor units, larger than the 32 bits of Int."""

from typing import Any, Final

from graphql import (
    GraphQLError,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLScalarType,
    IntValueNode,
    Node,
    OperationDefinitionNode,
    ValueNode,
    VariablesInAllowedPositionRule,
    get_nullable_type,
    is_non_null_type,
    specified_rules,
    type_from_ast,
)
from graphql.validation.rules.variables_in_allowed_position import allowed_variable_usage
from graphql.validation.validation_context import VariableUsage

from tidings.platform.inputs.json_text import MAX_EXACT_INTEGER

MAX_LITERAL_CHARACTERS: Final = len(str(-MAX_EXACT_INTEGER))
SCALAR: Final = "MinorUnits"


def bind_minor_units(scalar: GraphQLScalarType) -> None:
    """Bind the scalar's coercion: that of Int, with a larger range."""
    scalar.coerce_output_value = _whole
    scalar.coerce_input_value = _whole
    scalar.coerce_input_literal = _literal


def _whole(value: Any) -> int:
    """Return an integer; 1250.0 is one in JSON, as for Int.

    Raises:
        GraphQLError: the value is not a whole number, or is too large.
    """
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) > MAX_EXACT_INTEGER:
        raise _refusal()
    return number


def _literal(node: ValueNode) -> int:
    # The length is checked first: Python needs long for a million digits.
    if not isinstance(node, IntValueNode) or len(node.value) > MAX_LITERAL_CHARACTERS:
        raise _refusal(node)
    return _whole(int(node.value))


def _refusal(node: Node | None = None) -> GraphQLError:
    limits = f"from {-MAX_EXACT_INTEGER} to {MAX_EXACT_INTEGER}"
    return GraphQLError(f"{SCALAR} takes whole numbers {limits}, not in quotes.", node)


class VariablesInPosition(VariablesInAllowedPositionRule):
    """The rule of the specification, but a variable of type Int may be used for minor units.

    Amounts had the type Int before, so clients that declare `$max: Int` keep working. Every Int is
    a valid number of minor units.
    """

    _widened: frozenset[int] = frozenset()

    def leave_operation_definition(
        self, operation: OperationDefinitionNode, *arguments: Any
    ) -> None:
        usages = self.context.get_recursive_variable_usages(operation)
        self._widened = frozenset(id(each.node) for each in usages if self._is_widened(each))
        super().leave_operation_definition(operation, *arguments)

    def report_error(self, error: GraphQLError) -> None:
        if not any(id(node) in self._widened for node in error.nodes or ()):
            super().report_error(error)

    def _is_widened(self, usage: VariableUsage) -> bool:
        """Say whether the variable would be allowed if the position had the type Int."""
        definition = self.var_def_map.get(usage.node.name.value)
        place = usage.type
        if definition is None or place is None or str(get_nullable_type(place)) != SCALAR:
            return False
        kind = type_from_ast(self.context.schema, definition.type)
        as_int = GraphQLNonNull(GraphQLInt) if is_non_null_type(place) else GraphQLInt
        return kind is not None and allowed_variable_usage(
            self.context.schema, kind, definition.default_value, as_int, usage.default_value
        )


RULES: Final = tuple(
    VariablesInPosition if rule is VariablesInAllowedPositionRule else rule
    for rule in specified_rules
)
