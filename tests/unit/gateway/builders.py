"""Builders of requests to the gateway, sent with Chalice's test client."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import app
from chalice.config import Config
from chalice.test import TestHTTPClient

GRAPHQL_JSON = "application/graphql-response+json"


class Client(TestHTTPClient):
    """Chalice's test client for several threads: it leaves `os.environ` as it is."""

    @contextmanager
    def _patched_env_vars(self, environment_variables: object) -> Iterator[None]:
        yield


CLIENT = Client(app.app, Config.create())


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
    file: str | None = None,
) -> Answer:
    """Send one request with Chalice's test client; a body that is not text is sent as JSON."""
    path = "/graphql" if file is None else f"/graphql/{file}"
    query = f"?{urlencode(parameters)}" if parameters else ""
    response = CLIENT.request(
        method,
        path + query,
        headers={"content-type": "application/json", **(headers or {})},
        body=b"" if body is None else _text(body).encode(errors="surrogatepass"),
    )
    return _answer(response.status_code, response.headers, response.body.decode())


def send_in_base64(body: str) -> Answer:
    """Send a body in Base64, as API Gateway does with binary bodies."""
    event = {
        "headers": {"content-type": "application/json"},
        "body": body,
        "isBase64Encoded": True,
        "requestContext": {"resourcePath": "/graphql", "httpMethod": "POST"},
        "pathParameters": None,
        "stageVariables": None,
        "multiValueQueryStringParameters": None,
    }
    response = app.app(event, SimpleNamespace(aws_request_id="request-1"))
    return _answer(
        response["statusCode"],
        response["headers"] | response["multiValueHeaders"],
        response["body"],
    )


def _text(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def _answer(status: int, headers: Mapping[str, str | list[str]], text: str) -> Answer:
    answered = {
        name.lower(): value if isinstance(value, str) else value[0]
        for name, value in headers.items()
    }
    return Answer(status, answered, text)
