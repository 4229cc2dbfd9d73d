"""The connection to a shop's API, for programs with threads and for programs with asyncio."""

import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from .errors import error_of
from .session import API, LOGIN, SERVICE_LOGIN, Session

LOGOUT = f"{API}/logout"


@dataclass(frozen=True)
class SignedIn:
    """The person who signed in.

    Attributes:
        device_token: for the next sign-in on this device, which others then cannot slow down.
    """

    user_id: str
    role: str
    device_token: str | None


class Client:
    """Calls the API. Close it, or use it in a `with` statement.

    Args:
        base_url: the address of the API without `/api/v1`, as `make status` prints it.
        ca_file: the certificate of the authority that signed the API's, if it is not a public one.
        timeout: the seconds that an answer may take.
        http_options: further options of `httpx.Client`, such as `proxy` or `transport`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        ca_file: str | None = None,
        timeout: float = 30,
        **http_options: Any,
    ) -> None:
        base_url = base_url.rstrip("/")
        self.session = Session(base_url)
        self._http = httpx.Client(
            base_url=base_url,
            auth=self.session,
            verify=_trust(ca_file),
            timeout=timeout,
            **http_options,
        )

    def sign_in(self, email: str, password: str, device_token: str | None = None) -> SignedIn:
        """Sign in as a person; an expired access token is renewed from then on."""
        data = self.call("POST", LOGIN, json=_credentials(email, password, device_token))
        return _kept(self.session, data)

    def sign_in_service(self, client_id: str, client_secret: str) -> None:
        """Sign in as a service; it signs in again after its token has expired."""
        credentials = {"client_id": client_id, "client_secret": client_secret}
        data = self.call("POST", SERVICE_LOGIN, json=credentials)
        self.session.keep(data, credentials)

    def sign_out(self) -> None:
        """End this session; another one may be begun."""
        self.call("POST", LOGOUT, json={})
        self.session.tokens = None

    def call(self, method: str, url: str, **options: Any) -> Any:
        """Call an endpoint and return its `data`, or a list's `items` and `meta`.

        Raises:
            ApiError: the API refused or failed.
            httpx.TransportError: no answer arrived.
        """
        return answer_of(self._http.request(method, url, **options))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient:
    """Calls the API from asyncio. Close it, or use it in an `async with` statement.

    The arguments are those of `Client`; the options are those of `httpx.AsyncClient`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        ca_file: str | None = None,
        timeout: float = 30,
        **http_options: Any,
    ) -> None:
        base_url = base_url.rstrip("/")
        self.session = Session(base_url)
        self._http = httpx.AsyncClient(
            base_url=base_url,
            auth=self.session,
            verify=_trust(ca_file),
            timeout=timeout,
            **http_options,
        )

    async def sign_in(self, email: str, password: str, device_token: str | None = None) -> SignedIn:
        """Sign in as a person; an expired access token is renewed from then on."""
        data = await self.call("POST", LOGIN, json=_credentials(email, password, device_token))
        return _kept(self.session, data)

    async def sign_in_service(self, client_id: str, client_secret: str) -> None:
        """Sign in as a service; it signs in again after its token has expired."""
        credentials = {"client_id": client_id, "client_secret": client_secret}
        data = await self.call("POST", SERVICE_LOGIN, json=credentials)
        self.session.keep(data, credentials)

    async def sign_out(self) -> None:
        """End this session; another one may be begun."""
        await self.call("POST", LOGOUT, json={})
        self.session.tokens = None

    async def call(self, method: str, url: str, **options: Any) -> Any:
        """Call an endpoint and return its `data`, or a list's `items` and `meta`.

        Raises:
            ApiError: the API refused or failed.
            httpx.TransportError: no answer arrived.
        """
        return answer_of(await self._http.request(method, url, **options))

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def answer_of(response: httpx.Response) -> Any:
    """Return what is in an answer's envelope; an answer without one as it is.

    Raises:
        ApiError: it is a refusal.
    """
    if not response.is_success:
        raise error_of(response)
    if "json" not in response.headers.get("Content-Type", ""):
        return response.text
    body = response.json()
    if not (isinstance(body, dict) and "success" in body):
        return body
    if body["meta"] is None:
        return body["data"]
    return {"items": body["data"], "meta": body["meta"]}


def _credentials(email: str, password: str, device_token: str | None) -> dict[str, str]:
    known = {"device_token": device_token} if device_token else {}
    return {"email": email, "password": password, **known}


def _kept(session: Session, data: dict[str, Any]) -> SignedIn:
    session.keep(data)
    user = data["user"]
    return SignedIn(user["id"], user["role"], data.get("device_token"))


def _trust(ca_file: str | None) -> ssl.SSLContext | bool:
    return True if ca_file is None else ssl.create_default_context(cafile=ca_file)
