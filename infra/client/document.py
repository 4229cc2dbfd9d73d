"""The OpenAPI document as the client's generator reads it.

The client's hand-written part opens the envelope and turns refusals into exceptions, so a function
of the client returns the `data` of its operation and nothing else.
"""

from typing import Any, Final

Schema = dict[str, Any]
UPLOAD_KINDS: Final = ("text/csv", "application/x-ndjson")
# The generator knows no lines of JSON and no pictures.
READ_AS_TEXT: Final = frozenset({"application/x-ndjson", "image/gif"})
UPLOAD_KIND: Final[Schema] = {
    "name": "Content-Type",
    "in": "header",
    "required": True,
    "description": "the form of the file",
    "schema": {"type": "string", "enum": list(UPLOAD_KINDS)},
}


def client_document(document: Schema) -> Schema:
    """Return the document with the answers that the client's functions return."""
    components = document["components"]
    pages: dict[str, Schema] = {}
    choices = {
        tuple(schema["enum"]): name
        for name, schema in components["schemas"].items()
        if "enum" in schema
    }
    paths = {
        path: {
            method: _with_file(_without_refusals(operation, pages, choices))
            for method, operation in operations.items()
        }
        for path, operations in document["paths"].items()
    }
    schemas = components["schemas"] | dict(sorted(pages.items()))
    changed = {"paths": paths, "components": components | {"schemas": schemas}}
    return document | {name: _with_free_names(part) for name, part in changed.items()}


def _with_free_names(schema: Any) -> Any:
    """Return a schema without patterns for names, which the generator reads as no names at all."""
    if isinstance(schema, list):
        return [_with_free_names(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: _with_free_names(each) for name, each in schema.items()}
    if "patternProperties" in changed:
        (changed["additionalProperties"],) = changed.pop("patternProperties").values()
    return changed


def _without_refusals(
    operation: Schema, pages: dict[str, Schema], choices: dict[tuple[str, ...], str]
) -> Schema:
    ((status, answer),) = (each for each in operation["responses"].items() if each[0] < "4")
    ((kind, content),) = answer["content"].items()
    returned = {
        "text/plain" if kind in READ_AS_TEXT else kind: {
            "schema": _without_envelope(content["schema"], pages)
        }
    }
    return operation | {
        "parameters": [_argument(each, choices) for each in operation.get("parameters", ())],
        "responses": {status: {"description": "", "content": returned}},
    }


def _argument(parameter: Schema, choices: dict[tuple[str, ...], str]) -> Schema:
    """Return a parameter with the class of its choices; left out, the API's default applies."""
    schema = {name: value for name, value in parameter["schema"].items() if name != "default"}
    if name := choices.get(tuple(schema.get("enum", ()))):
        schema = {"$ref": f"#/components/schemas/{name}"}
    return parameter | {"schema": schema}


def _with_file(operation: Schema) -> Schema:
    """Return an upload with a file as its body, and the file's media type as an argument."""
    if set(operation.get("requestBody", {}).get("content", ())) != set(UPLOAD_KINDS):
        return operation
    file = {"schema": {"type": "string", "format": "binary"}}
    return operation | {
        "parameters": [*operation["parameters"], UPLOAD_KIND],
        "requestBody": {"required": True, "content": {"application/octet-stream": file}},
    }


def _without_envelope(schema: Schema, pages: dict[str, Schema]) -> Schema:
    """Return the schema of `data`; a list with pages is an object with `items` and `meta`."""
    parts = schema.get("properties", {})
    if "success" not in parts:
        return schema
    data: Schema = parts["data"]
    if "$ref" not in parts["meta"]:
        return data
    name = data["items"]["$ref"].rpartition("/")[2].removesuffix("View") + "Page"
    pages[name] = {
        "type": "object",
        "description": "A part of a list; `meta.next_cursor` is the `after` of the next one.",
        "properties": {"items": data, "meta": parts["meta"]},
        "required": ["items", "meta"],
        "additionalProperties": False,
    }
    return {"$ref": f"#/components/schemas/{name}"}
