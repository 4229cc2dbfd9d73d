"""An HTTP endpoint with the parts of LocalStack that the runner uses."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl


@dataclass
class CloudWatchServer:
    streams: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    metrics: list[dict[str, str]] = field(default_factory=list)
    credentials: set[str] = field(default_factory=set)
    failing: tuple[int, dict[str, str]] | None = None
    """Status and body of every answer, while it is set."""
    puts: int = 0
    deployed: dict[str, Any] | None = None
    """The deployment for a runner that asks; none until it is set."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the server: connections are refused."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def messages(self, group: str, stream: str) -> list[str]:
        return [event["message"] for event in self.streams.get((group, stream), [])]

    def take(self, action: str, body: dict[str, Any]) -> tuple[int, dict[str, str]]:
        where = body["logGroupName"], body.get("logStreamName", "")
        if action == "PutLogEvents":
            self.puts += 1
            if where not in self.streams:
                return 400, {"__type": "ResourceNotFoundException", "message": "no such stream"}
            self.streams[where] += body["logEvents"]
        elif where in self.streams or (action == "CreateLogGroup" and self._has_group(where[0])):
            return 400, {"__type": "ResourceAlreadyExistsException", "message": "it is there"}
        else:
            self.streams[where] = []
        return 200, {}

    def _has_group(self, group: str) -> bool:
        return any(known == group for known, _ in self.streams)


def _handler(cloudwatch: CloudWatchServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known = self.path == "/_tidings/deployed" and cloudwatch.deployed is not None
            self._answer(200 if known else 404, cloudwatch.deployed if known else {})

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # the runner was killed
                self.close_connection = True
                return
            cloudwatch.credentials.add(self.headers["Authorization"].split("/")[0].split("=")[1])
            if cloudwatch.failing:
                self._answer(*cloudwatch.failing)
            elif target := self.headers.get("X-Amz-Target"):
                self._answer(*cloudwatch.take(target.partition(".")[2], json.loads(body)))
            else:
                cloudwatch.metrics.append(dict(parse_qsl(body.decode())))
                self._answer(200, {})

        def _answer(self, status: int, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    return Handler
