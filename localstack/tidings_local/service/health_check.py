"""Ask a service for its health: `python -m tidings_local.service.health_check URL`.

The health check of our containers, which have no curl. The URL is `http://host:port/path`, or
`unix:/path/of.sock` for the runner. The exit status is 0 if the answer is 200.
"""

from __future__ import annotations

import http.client
import socket
import sys
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5
UNIX = "unix:"


def status_of(url: str) -> int:
    """Return the status of the service's answer.

    Raises:
        OSError: it does not answer.
        http.client.HTTPException: its answer is not HTTP.
    """
    connection, path = _connection(url)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def _connection(url: str) -> tuple[http.client.HTTPConnection, str]:
    if url.startswith(UNIX):
        return _UnixConnection(url.removeprefix(UNIX)), "/health"
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS), parts.path or "/"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(self._path)


def main(arguments: list[str]) -> int:
    (url,) = arguments
    try:
        status = status_of(url)
    except (OSError, http.client.HTTPException) as error:
        print(f"{url} does not answer: {error}", file=sys.stderr)  # noqa: T201
        return 1
    if status != http.HTTPStatus.OK:
        print(f"{url} answers {status}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
