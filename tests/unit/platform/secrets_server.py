"""A Secrets Manager on a port of this machine: HTTP in front of moto."""

import json
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from botocore.exceptions import ClientError

# The methods of boto3's client by the actions of the protocol.
ACTIONS = {"GetSecretValue": "get_secret_value", "PutSecretValue": "put_secret_value"}


class SecretsServer(ThreadingHTTPServer):
    """Answers each request from moto, or with the next of `failures`: a status, or 0 to hang up."""

    def __init__(self, manager: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.manager = manager
        self.failures: deque[tuple[int, str]] = deque()
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.connections = 0

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def secrets_server(manager: Any) -> Iterator[SecretsServer]:
    """Serve the secrets of a client of moto's Secrets Manager."""
    with SecretsServer(manager) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: SecretsServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((headers, content))
        if self.server.failures:
            status, code = self.server.failures.popleft()
            if status:
                self._answer(status, {"__type": code})
            self.close_connection = not status
            return
        action = re.sub(r".*\.", "", headers["x-amz-target"])
        try:
            found = getattr(self.server.manager, ACTIONS[action])(**content)
        except ClientError as error:
            self._answer(400, {"__type": error.response["Error"]["Code"]})
        else:
            self._answer(200, {"SecretString": found.get("SecretString")})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""
