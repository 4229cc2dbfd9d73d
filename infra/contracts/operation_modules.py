"""gateway/operations.json: the module of each operation that a field of the schema calls."""

import json

from executable import SCHEMA_FILE, operation_of_field
from graphql import build_schema


def modules() -> str:
    """Return the content of the file."""
    schema = build_schema(SCHEMA_FILE.read_text(encoding="utf-8"))
    found = {}
    for root in (schema.query_type, schema.mutation_type):
        assert root is not None
        for name in root.fields:
            operation = operation_of_field(root.name, name)
            found[operation.name] = operation.function.__module__
    return json.dumps(dict(sorted(found.items())), indent=2) + "\n"
