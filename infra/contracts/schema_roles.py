"""The directive `@requires` of the fields in gateway/schema.graphql, from their operations."""

from typing import Final

from executable import SCHEMA_FILE, operation_of_field
from graphql import (
    FieldDefinitionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    parse,
)

from tidings.platform.operation import Operation

ROOTS: Final = ("Query", "Mutation")


def schema_with_roles() -> str:
    """Return the text of the schema with the directives that follow from the operations."""
    text = SCHEMA_FILE.read_text(encoding="utf-8")
    fields = [
        (node.name.value, field)
        for node in parse(text).definitions
        if isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode)
        and node.name.value in ROOTS
        for field in node.fields or ()
    ]
    for root, field in reversed(fields):  # from the end, so that the positions stay true
        start, end = _place(field)
        text = text[:start] + _directive(operation_of_field(root, field.name.value)) + text[end:]
    return text


def _place(field: FieldDefinitionNode) -> tuple[int, int]:
    """Return where the directive of a field starts and ends, right behind the field's type."""
    assert field.type.loc is not None
    start = end = field.type.loc.end
    for directive in field.directives or ():
        if directive.name.value == "requires":
            assert directive.loc is not None
            end = directive.loc.end
    return start, end


def _directive(operation: Operation) -> str:
    if operation.role is None:
        return ""
    services = ", services: true" if operation.services else ""
    return f" @requires(role: {operation.role.name}{services})"
