"""Requests to the gateway, as API Gateway hands them on."""

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import app

GRAPHQL_JSON = "application/graphql-response+json"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.text)
        return content

    @property
    def errors(self) -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = self.content["errors"]
        return errors

    @property
    def code(self) -> str:
        code: str = self.errors[0]["extensions"]["code"]
        return code


def send(
    method: str = "POST",
    body: object = None,
    *,
    headers: dict[str, str] | None = None,
    parameters: dict[str, str] | None = None,
    base64: bool = False,
    file: str | None = None,
) -> Answer:
    """Send one request through Chalice's own handler."""
    sent = {"content-type": "application/json", **(headers or {})}
    event = {
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": _many(sent),
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": base64,
        "path": "/graphql" if file is None else f"/graphql/{file}",
        "requestContext": {
            "resourcePath": "/graphql" if file is None else "/graphql/{file}",
            "httpMethod": method,
        },
        "pathParameters": None if file is None else {"file": file},
        "stageVariables": None,
        "queryStringParameters": parameters,
        "multiValueQueryStringParameters": None if parameters is None else _many(parameters),
    }
    response = app.app(event, SimpleNamespace(aws_request_id="request-1"))
    answered = {name.lower(): value for name, value in response["headers"].items()}
    for name, values in (response.get("multiValueHeaders") or {}).items():
        answered[name.lower()] = values[0]
    return Answer(response["statusCode"], answered, response["body"])


def _many(values: dict[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in values.items()}
