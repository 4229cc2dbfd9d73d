"""A small API Gateway: calls the handlers for the routes of template.yaml in this process.

Each request becomes the proxy event that API Gateway would send. As a WSGI application it serves
third-party clients (schemathesis) without a stack.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.contract.project import Function, routes

# API Gateway's answer to a path without a route.
NO_ROUTE = 403
REASONS = {200: "OK", 201: "Created", 204: "No Content"}


@dataclass(frozen=True)
class InProcessAnswer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    resource: str
    function: Function


@dataclass
class InProcessApi:
    """The API with or without a caller's token."""

    token: str | None = None
    user_id: str | None = None
    routes: list[Route] = field(
        default_factory=lambda: [_route(*each) for each in routes().items()]
    )

    def request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> InProcessAnswer:
        """Send one request; `target` is path and query string, unchanged."""
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        event, function = self._event(method, target, body, own | (headers or {}))
        if function is None:
            text = '{"message":"Missing Authentication Token"}'
            return InProcessAnswer(NO_ROUTE, {"Content-Type": "application/json"}, text)
        answer = function.load()(event, SimpleNamespace(aws_request_id="request-1"))
        answered = dict(answer["headers"])
        for name, values in (answer.get("multiValueHeaders") or {}).items():
            answered[name] = values[0]
        return InProcessAnswer(answer["statusCode"], answered, answer["body"])

    def rest(self, method: str, path: str, body: Any = None) -> InProcessAnswer:
        """Call a REST endpoint below /api/v1 with a JSON body."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self.request(method, f"/api/v1{path}", content, headers)

    def graphql(self, query: str, **variables: Any) -> Any:
        """Return the complete answer of an operation."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json"}
        return self.request("POST", "/graphql", body, headers).json

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Serve a WSGI request (PEP 3333)."""
        headers = {
            name[5:].replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = self.request(environ["REQUEST_METHOD"], environ["REQUEST_URI"], body, headers)
        reason = REASONS.get(answer.status, "Refused")
        start(f"{answer.status} {reason}", list(answer.headers.items()))
        return [answer.text.encode()]

    def _event(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[dict[str, Any], Function | None]:
        url = urlsplit(target)
        route, match = next(
            (
                (each, found)
                for each in self.routes
                if each.method == method and (found := each.pattern.fullmatch(url.path))
            ),
            (None, None),
        )
        parameters = parse_qsl(url.query, keep_blank_values=True)
        path = {name: unquote(value) for name, value in match.groupdict().items()} if match else {}
        resource = route.resource if route else url.path
        event = {
            "httpMethod": method,
            "path": url.path,
            "resource": resource,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": dict(parameters) or None,
            "multiValueQueryStringParameters": _grouped(parameters) or None,
            "pathParameters": path or None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": method,
                "identity": {"sourceIp": "127.0.0.1"},
            },
            "body": body.decode(errors="replace") if body else None,
            "isBase64Encoded": False,
        }
        return event, route.function if route else None


def _route(route: str, function: Function) -> Route:
    method, _, path = route.partition(" ")
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return Route(method, re.compile(pattern), path, function)


def _grouped(parameters: list[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in parameters:
        grouped.setdefault(name, []).append(value)
    return grouped
