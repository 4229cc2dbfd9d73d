"""gateway/persisted_operations.json: the documents of gateway/operations by the hash of their text.

The form is that of Apollo's persisted query manifest (format `apollo-persisted-query-manifest`).
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from graphql import OperationDefinitionNode, get_operation_ast, parse, print_ast

GATEWAY: Final = Path(__file__).resolve().parents[2] / "gateway"
FILE: Final = GATEWAY / "persisted_operations.json"
SOURCES: Final = GATEWAY / "operations"


def manifest() -> str:
    """Return the content of the file.

    Raises:
        ValueError: a document has no operation, several ones, or one of another name.
    """
    operations = [_entry(path) for path in sorted(SOURCES.glob("*.graphql"))]
    content = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    return json.dumps(content, indent=2) + "\n"


def _entry(path: Path) -> dict[str, Any]:
    """Return an operation; its text has no comments, so that they do not change the hash."""
    document = parse(path.read_text("utf-8"))
    operation = get_operation_ast(document)
    if not (isinstance(operation, OperationDefinitionNode) and operation.name):
        raise ValueError(f"{path.name} needs one operation with a name")
    if operation.name.value != path.stem:
        raise ValueError(f"{path.name} contains the operation {operation.name.value}")
    body = print_ast(document)
    return {
        "id": hashlib.sha256(body.encode()).hexdigest(),
        "name": operation.name.value,
        "type": operation.operation.value,
        "body": body,
    }
