"""The documents of gateway/operations by the hash of their text, for the gateway and for the shop.

The form of the gateway's file is that of Apollo's persisted query manifest (format
`apollo-persisted-query-manifest`).
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from graphql import OperationDefinitionNode, get_operation_ast, parse, print_ast

ROOT: Final = Path(__file__).resolve().parents[2]
GATEWAY: Final = ROOT / "gateway"
FILE: Final = GATEWAY / "persisted_operations.json"
SOURCES: Final = GATEWAY / "operations"
MODULE: Final = ROOT / "functions/shop/page/operations.js"
MODULE_BEGINS: Final = (
    "// Written by `make contracts`: the hash of each operation in gateway/operations, by its name."
)


def manifest() -> str:
    """Return the content of the file.

    Raises:
        ValueError: a document has no operation, several ones, or one of another name.
    """
    content = {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": _entries(),
    }
    return json.dumps(content, indent=2) + "\n"


def module() -> str:
    """Return the JavaScript module of the example shop with the hash of each operation."""
    hashes = [f'export const {each["name"]} = "{each["id"]}";' for each in _entries()]
    return "\n".join([MODULE_BEGINS, *hashes, ""])


def _entries() -> list[dict[str, Any]]:
    return [_entry(path) for path in sorted(SOURCES.glob("*.graphql"))]


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
