"""A client of the runner for other processes: blocking HTTP over its Unix socket.

It uses only the standard library, because LocalStack and the bridge have other environments.
"""

import base64
import http.client
import select
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

CONNECT_SECONDS = 5.0
POLL_SECONDS = 0.05
# Longer than the longest call: a function may take 900 s, after waiting and starting.
ANSWER_SECONDS = 960.0
# The time until which the sender waits, by the clock that all processes of a machine share. A
# runner that hung refuses later requests.
UNTIL_HEADER = "X-Tidings-Until"


class RunnerAwayError(Exception):
    """Nothing listens on the runner's socket: it is restarting, or the stack is stopped."""


class RunnerLostError(Exception):
    """The runner closed the connection before it answered. It may have handled the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """The names are in lower case."""
    body: bytes

    @property
    def is_function_error(self) -> bool:
        return "x-amz-function-error" in self.headers

    @property
    def log_tail(self) -> str:
        return base64.b64decode(self.headers.get("x-amz-log-result", "")).decode(errors="replace")


class RunnerClient:
    """Sends requests; many threads may use it, each with its own kept connection."""

    def __init__(self, socket_path: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._socket_path = socket_path
        self._answer_seconds = answer_seconds
        self._kept = threading.local()

    def invoke(
        self,
        function: str,
        payload: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        patience_seconds: float = 0,
    ) -> Answer:
        """Call a function as Lambda's Invoke does; see `ask`.

        Raises:
            RunnerAwayError: nothing was asked.
            RunnerLostError: the function may have run.
        """
        path = f"/2015-03-31/functions/{quote(function, safe=':')}/invocations"
        return self.ask("POST", path, payload, headers, patience_seconds=patience_seconds)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        patience_seconds: float = 0,
        expires: bool = False,
    ) -> Answer:
        """Send a request and wait for its answer.

        Args:
            method: the HTTP method.
            path: with the query, encoded.
            body: may be empty.
            headers: besides those of the connection.
            patience_seconds: the time to wait for a runner that is unavailable or not ready.
            expires: whether the runner refuses it after this side has stopped waiting.

        Raises:
            RunnerAwayError: nothing was asked.
            RunnerLostError: the connection was closed before the answer.
        """
        deadline = time.monotonic() + patience_seconds

        def until() -> dict[str, str]:
            return {UNTIL_HEADER: str(time.monotonic() + self._answer_seconds)} if expires else {}

        while True:
            try:
                answer = self._ask_once(method, path, body, {**(headers or {}), **until()})
            except RunnerAwayError:
                if time.monotonic() >= deadline:
                    raise
            else:
                if answer.status != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() >= deadline:
                    return answer
            time.sleep(POLL_SECONDS)

    def _ask_once(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = self._connection()
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise RunnerLostError(f"the runner did not answer: {error!r}") from error
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, content)

    def _connection(self) -> "_UnixConnection":
        kept: _UnixConnection | None = getattr(self._kept, "connection", None)
        if kept is not None and not kept.is_broken:
            return kept
        if kept is not None:
            kept.close()
        fresh = _UnixConnection(self._socket_path, self._answer_seconds)
        try:
            fresh.connect()
        except OSError as error:
            fresh.close()
            raise RunnerAwayError(
                f"the runner is unavailable: {error.strerror or error}"
            ) from error
        self._kept.connection = fresh
        return fresh


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, socket_path: str, answer_seconds: float) -> None:
        super().__init__("runner", timeout=answer_seconds)
        self._socket_path = socket_path

    @property
    def is_broken(self) -> bool:
        """Whether either side closed it: an idle connection has nothing to read."""
        if self.sock is None:
            return True
        poll = select.poll()  # not select(): LocalStack has more than 1,024 files open
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(CONNECT_SECONDS)
        self.sock.connect(self._socket_path)
        self.sock.settimeout(self.timeout)
