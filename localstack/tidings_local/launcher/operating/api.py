"""A client of the stack's public GraphQL address, like a customer's app."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

from ..errors import LauncherError
from ..running.certificate import certificate_beside
from ..running.stack import Stack

TIMEOUT_SECONDS = 30


class GraphqlApi:
    """Checks the server's certificate, which the launcher made for this stack."""

    def __init__(self, stack: Stack) -> None:
        trusted = ssl.create_default_context(cafile=str(certificate_beside(stack.certificate)))
        self._http = httpx.Client(verify=trusted, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._url = f"{stack.api_url}/graphql"
        self.correlation_id = ""
        """Of the last request."""

    def __enter__(self) -> GraphqlApi:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def ask(self, document: str, token: str = "", **variables: Any) -> Any:
        """Return the only field that a document requests."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"query": document, "variables": variables}
        try:
            answer = self._http.post(self._url, json=body, headers=headers)
            result = answer.json()
        except (httpx.HTTPError, ValueError) as problem:
            raise LauncherError(
                f"{self._url} does not answer as it should", hint=str(problem)
            ) from None
        self.correlation_id = answer.headers.get("X-Correlation-Id", "")
        if not result.get("data") or result.get("errors"):
            raise LauncherError("the API refused a request", hint=_first_error(result))
        return next(iter(result["data"].values()))


def _first_error(result: dict[str, Any]) -> str:
    errors = result.get("errors") or [{"message": result.get("message", "no data")}]
    return str(errors[0].get("message"))
