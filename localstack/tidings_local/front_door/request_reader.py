"""Build requests from a client's bytes, with the parser llhttp (httptools)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, cast

import httptools

from tidings_local.front_door.exchange import Exchange
from tidings_local.front_door.http import Headers, Request
from tidings_local.front_door.limits import Limits
from tidings_local.front_door.request_body import BodySource, RequestBody
from tidings_local.front_door.wire import Refusal

HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n"


class RefusedError(Exception):
    """The client's bytes are not a supported request. Nothing after them can be read."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(status=status, message=message, headers=[])


class SpeaksHttp2Error(Exception):
    """The client starts with HTTP/2 without an upgrade."""


@dataclass(frozen=True, slots=True)
class Client:
    address: str
    secure: bool


class RequestReader:
    """Reads the requests of one connection.

    Args:
        client: the client's address.
        limits: the limits of its requests.
        source: is called when the reader of a body wants more.
        take: is called with each request after its head has arrived.
    """

    def __init__(
        self,
        client: Client,
        limits: Limits,
        source: BodySource,
        take: Callable[[Exchange], None],
    ) -> None:
        self._client = client
        self._limits = limits
        self._source = source
        self._take = take
        self._parser = httptools.HttpRequestParser(self)
        self.body: RequestBody | None = None
        """The body of the current request, if its head has arrived."""
        self.head_since: float | None = None
        """The time at which the current head began."""
        self._now = 0.0
        self._first_request = True
        self._refused: RefusedError | None = None
        self._unbounded_bytes = 0
        self._begin()

    def _begin(self) -> None:
        self._target = b""
        self._headers: Headers = []
        self._hosts = 0
        self._declared_bytes: int | None = None
        self._coding: bytes | None = None
        self._awaits_continue = False
        self._is_bounded = True

    def feed(self, piece: bytes, now: float) -> bytes | None:
        """Read bytes; return those that follow a request for another protocol.

        Raises:
            RefusedError: the bytes are invalid; an earlier request may still be served.
            SpeaksHttp2Error: these are the connection's first bytes.
        """
        self._now = now
        self._is_bounded = False
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            self._parser = httptools.HttpRequestParser(self)
            return piece[upgrade.args[0] :]
        except httptools.HttpParserCallbackError:
            if self._refused is None:
                raise
            raise self._refused from None
        except httptools.HttpParserError as error:
            if self._first_request and piece.startswith(HTTP2_PREFACE):
                raise SpeaksHttp2Error from None
            raise RefusedError(400, f"The request is not valid HTTP: {error}.") from None
        self._check_size(len(piece))
        return None

    def _check_size(self, size: int) -> None:
        """Limit the size of data that the parser collects: a head, trailers."""
        self._unbounded_bytes = 0 if self._is_bounded else self._unbounded_bytes + size
        if self._unbounded_bytes > self._limits.head_bytes:
            raise RefusedError(431, self._too_long())

    # ------------------------------------------------------------------- the parser calls

    def on_message_begin(self) -> None:
        self._begin()
        self.body = None
        self.head_since = self._now

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.body is not None:
            self.body.trailers.append((name, value))
            return
        self._headers.append((name, value))
        lowered = name.lower()
        if lowered == b"host":
            self._hosts += 1
        elif lowered == b"content-length":
            self._declared_bytes = int(value)
        elif lowered == b"transfer-encoding":
            self._coding = value.lower()
        elif lowered == b"expect":
            self._awaits_continue = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        self.head_since = None
        self._is_bounded = True
        self._first_request = False
        version = self._parser.get_http_version()
        method = self._parser.get_method().decode()
        self._check_head(method, version)
        self.body = RequestBody(self._source, self._declared_bytes)
        request = Request(
            method=method,
            target=self._target,
            headers=self._headers,
            version=version,
            client=self._client.address,
            secure=self._client.secure,
            body=self.body,
        )
        self._take(
            Exchange(
                request=request,
                body=self.body,
                chunked=self._coding is not None,
                keep_alive=self._parser.should_keep_alive(),
                awaits_continue=self._awaits_continue and version == "1.1",
                upgrades=self._parser.should_upgrade(),
            )
        )

    def on_body(self, piece: bytes) -> None:
        self._is_bounded = True
        body = cast(RequestBody, self.body)
        body.feed(piece)
        if body.discarded_bytes > self._limits.unread_bytes:
            body.fail("the answer was sent before the body arrived")

    def on_message_complete(self) -> None:
        self._is_bounded = True
        cast(RequestBody, self.body).end()

    # ------------------------------------------------------- what llhttp takes and we do not

    def _check_head(self, method: str, version: str) -> None:
        if version not in {"1.0", "1.1"}:
            self._refuse(505, f"HTTP/{version} is not served here. Use HTTP/1.1.")
        if self._hosts > 1 or (self._hosts == 0 and version == "1.1"):
            self._refuse(400, "The request needs one Host header.")
        if self._coding is not None and version == "1.0":
            self._refuse(400, "The request is HTTP/1.0, which has no Transfer-Encoding.")
        if self._coding not in {None, b"chunked"}:  # llhttp checks only the end of the value
            self._refuse(501, "The only Transfer-Encoding that is served is chunked.")
        if method == "CONNECT":
            self._refuse(405, "This is no proxy: CONNECT is not served.")
        if len(self._headers) > self._limits.headers:
            self._refuse(431, f"The request has more than {self._limits.headers} headers.")
        if len(self._target) + sum(len(n) + len(v) for n, v in self._headers) > (
            self._limits.head_bytes
        ):
            self._refuse(431, self._too_long())

    def _refuse(self, status: int, message: str) -> NoReturn:
        """Stop the parser, which replaces our error by its own."""
        self._refused = RefusedError(status, message)
        raise self._refused

    def _too_long(self) -> str:
        return f"Request line, headers or trailers are longer than {self._limits.head_bytes} bytes."
