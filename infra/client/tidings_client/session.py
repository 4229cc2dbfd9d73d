"""Tokens: every request carries the access token, and an expired one is renewed once."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Any

import httpx

from .errors import Unauthenticated, error_of

API = "/api/v1"
LOGIN, SERVICE_LOGIN, REFRESH = f"{API}/login", f"{API}/service-sessions", f"{API}/refresh"
SIGNING_IN = (LOGIN, SERVICE_LOGIN, REFRESH)
"""They prove who calls by their body, and their 401 is about that proof."""


@dataclass(frozen=True)
class Tokens:
    """An access token, and the request that brings the next one."""

    access: str
    renewal_path: str
    renewal_body: dict[str, str]


class Session(httpx.Auth):
    """Signs requests. After a 401, one thread or task renews the token; all others wait for it.

    A refresh token works once, and a second use would end the session, so renewals never overlap.
    """

    requires_response_body = True

    def __init__(self, base_url: str) -> None:
        self.tokens: Tokens | None = None
        self._base_url = base_url
        self._lock = threading.Lock()
        self._task_lock = asyncio.Lock()

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        used = self._signed(request)
        response = yield request
        if used is None or response.status_code != 401:
            return
        with self._lock:
            if self.tokens is used:
                renewed = yield self._renewal(used)
                renewed.read()
                self._accept(renewed, used)
        if self._signed(request):
            yield request

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        used = self._signed(request)
        response = yield request
        if used is None or response.status_code != 401:
            return
        async with self._task_lock:
            if self.tokens is used:
                renewed = yield self._renewal(used)
                await renewed.aread()
                self._accept(renewed, used)
        if self._signed(request):
            yield request

    def keep(self, data: dict[str, Any], service: dict[str, str] | None = None) -> None:
        """Use the tokens of a sign-in; a service signs in again with its credentials."""
        path, body = SERVICE_LOGIN, service
        if body is None:
            path, body = REFRESH, {"refresh_token": data["refresh_token"]}
        self.tokens = Tokens(data["access_token"], path, body)

    def _signed(self, request: httpx.Request) -> Tokens | None:
        """Give a request the current token, if there is one; return what was used."""
        tokens = self.tokens
        if tokens is None or request.url.path.endswith(SIGNING_IN):
            return None
        request.headers["Authorization"] = f"Bearer {tokens.access}"
        return tokens

    def _renewal(self, used: Tokens) -> httpx.Request:
        return httpx.Request("POST", f"{self._base_url}{used.renewal_path}", json=used.renewal_body)

    def _accept(self, renewed: httpx.Response, used: Tokens) -> None:
        """Use renewed tokens. If they are refused, the session has ended.

        Raises:
            ApiError: the renewal failed, and may succeed later.
        """
        if renewed.is_success:
            service = used.renewal_body if used.renewal_path == SERVICE_LOGIN else None
            self.keep(renewed.json()["data"], service)
            return
        error = error_of(renewed)
        if not isinstance(error, Unauthenticated):
            raise error
        self.tokens = None
