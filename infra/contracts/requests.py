"""The requests of infra/requests/ways.yaml, completed from the OpenAPI document."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).resolve().parents[1] / "requests"
WAYS: Final = FOLDER / "ways.yaml"


@dataclass(frozen=True)
class Request:
    """A request as the files show it; texts contain variables such as `{{orderId}}`."""

    name: str
    title: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    token: str | None
    body: str | None
    status: int
    keep: dict[str, str]
    """The variables for later requests, with their place in the answer's `data`."""

    @property
    def url(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return "{{baseUrl}}" + self.path + (f"?{query}" if query else "")


def ways(document: dict[str, Any]) -> dict[str, list[Request]]:
    """Return the requests of each way.

    Raises:
        KeyError: a request calls an operation that the document does not have.
    """
    operations = {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    return {
        way: [_request(step, *operations[step["call"]]) for step in steps]
        for way, steps in _content()["ways"].items()
    }


def variables() -> dict[str, str]:
    """Return the variables that the files set."""
    found: dict[str, str] = _content()["variables"]
    return found


def secrets() -> list[str]:
    """Return the names of the variables that the person who runs the requests sets."""
    found: list[str] = _content()["secrets"]
    return found


def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(WAYS.read_text("utf-8"))
    return content


def _request(step: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Request:
    places = step.get("path", {})
    status = min(status for status in operation["responses"])
    return Request(
        name=step["call"],
        title=step["call"].replace("_", " "),
        method=method,
        path=re.sub(r"\{(\w+)\}", lambda match: places[match[1]], path),
        query={name: str(value) for name, value in step.get("query", {}).items()},
        headers=step.get("headers", {}),
        token=step.get("token"),
        body=_body(step.get("body", {}), operation),
        status=int(status),
        keep=step.get("keep", {}),
    )


def _body(changes: dict[str, Any], operation: dict[str, Any]) -> str | None:
    """Return the document's example with changes, or a body that has no other fields."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    body = changes["only"] if "only" in changes else content["example"] | changes
    return json.dumps(body, indent=2)
