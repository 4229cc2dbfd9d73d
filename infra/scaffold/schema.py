"""Add a field to gateway/schema.graphql."""

import re
from dataclasses import dataclass
from typing import Final

from graphql import (
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    TypeNode,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_object_type,
    parse,
)

from infra.scaffold.changes import Changes, Refused

SCHEMA: Final = "gateway/schema.graphql"


@dataclass(frozen=True)
class Field:
    """A field of Query or Mutation; `arguments` are names with types."""

    root: str
    name: str
    arguments: list[tuple[str, str]]
    returns: str
    description: str

    def document(self, selected: str) -> tuple[str, str]:
        """Return the head and the body of a document that calls the field."""
        declared = ", ".join(f"${name}: {kind}" for name, kind in self.arguments)
        given = ", ".join(f"{name}: ${name}" for name, _ in self.arguments)
        head = f"{self.root.lower()}({declared})" if declared else self.root.lower()
        call = f"{self.name}({given})" if given else self.name
        return head, f"{{ {call} {{ {selected} }} }}"

    def definition(self) -> str:
        arguments = ", ".join(f"{name}: {kind}" for name, kind in self.arguments)
        call = f"{self.name}({arguments})" if arguments else self.name
        return f'\n  "{self.description}"\n  {call}: {self.returns}!\n'


def has_type(changes: Changes, name: str) -> bool:
    """Return whether the schema has an object type of this name."""
    return re.search(rf"^type {name}\b", changes.read(SCHEMA), re.MULTILINE) is not None


def first_scalar_of(changes: Changes, name: str) -> str:
    """Return the first field of a type that has no fields of its own."""
    kind = build_schema(changes.read(SCHEMA)).type_map[name]
    assert is_object_type(kind)
    found: str = next(
        each
        for each, field in kind.fields.items()
        if is_leaf_type(get_named_type(field.type)) and not field.args
    )
    return found


def add_field(changes: Changes, field: Field, domain: str, model: str) -> set[str]:
    """Add a field, and its input type with one field, to the part of the schema for the domain.

    Args:
        changes: the project.
        field: the field.
        domain: the domain of its operation.
        model: the name of the input type; empty for none.

    Returns:
        The fields of the domain that were there before, such as `Query.getOrder`.

    Raises:
        Refused: the schema has such a field or type.
    """
    text = changes.read(SCHEMA)
    if model and re.search(rf"^input {model}\b", text, re.MULTILINE):
        raise Refused(f"NAME: {SCHEMA} has an input {model} already")
    functions = {path.stem for path in (changes.root / "functions" / domain).glob("*.py")}
    blocks: list[tuple[int, int]] = []
    siblings: set[str] = set()
    inputs: set[str] = set()
    for node in parse(text).definitions:
        if not isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
            continue
        if node.name.value not in {"Query", "Mutation"}:
            continue
        fields = node.fields or ()
        if field.name in {each.name.value for each in fields}:
            raise Refused(f"NAME: {SCHEMA} has a field {field.name} already")
        ours = [each for each in fields if _function_of(each) in functions]
        siblings |= {f"{node.name.value}.{each.name.value}" for each in ours}
        inputs |= {_type_name(given.type) for each in ours for given in each.arguments or ()}
        if node.name.value == field.root:
            assert node.loc is not None
            blocks.append((len(ours), node.loc.end - 1))
    # The block of the domain: the one with most of its fields, the first one if it has none.
    at = max(blocks, key=lambda block: block[0])[1]
    text = text[:at] + field.definition() + text[at:]
    if model:
        at = _end_of_inputs(text, inputs)
        text = text[:at] + _input_type(field.name, model) + text[at:]
    changes.edit(SCHEMA, text)
    return siblings


def _input_type(field_name: str, model: str) -> str:
    return (
        f'\n"The input of {field_name}."\ninput {model} {{\n'
        '  "A text, at most 500 characters."\n  text: String!\n}\n'
    )


def _end_of_inputs(text: str, names: set[str]) -> int:
    """Return where the last of these input types ends; the end of the text if there is none."""
    ends = [
        node.loc.end + 1  # the line's end
        for node in parse(text).definitions
        if isinstance(node, InputObjectTypeDefinitionNode) and node.name.value in names and node.loc
    ]
    return max(ends, default=len(text))


def _type_name(node: TypeNode) -> str:
    """Return `TaskInput` for `[TaskInput!]!`."""
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value


def _function_of(field: FieldDefinitionNode) -> str:
    return re.sub(r"(?=[A-Z])", "_", field.name.value).lower()
