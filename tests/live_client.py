"""A client of the live inbox that reads its stream in a thread."""

import contextlib
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from tests.waiting import eventually


@dataclass
class Event:
    """An event, with the time at which it arrived."""

    name: str
    data: Any
    id: str | None
    at: float


@dataclass
class LiveClient:
    """One connection to the live inbox, which stays open until the server ends it or `close`.

    Args:
        base_url: the URL before `/live/inbox`.
        headers: those of the request.
        last_id: the position from which it continues.
    """

    base_url: str
    headers: dict[str, str]
    last_id: str | None = None
    trust: ssl.SSLContext | bool = True
    events: list[Event] = field(default_factory=list)
    heartbeats: int = 0
    status: int = 0
    answer: httpx.Response | None = None

    def __enter__(self) -> Self:
        # Without TLS no certificate authorities, whose loading takes longer than a request.
        trust = self.trust if self.base_url.startswith("https:") else False
        self._http = httpx.Client(verify=trust, timeout=300, trust_env=False)
        query = {"last_id": self.last_id} if self.last_id else {}
        url = f"{self.base_url}/live/inbox"
        request = self._http.build_request("GET", url, params=query, headers=self.headers)
        self.answer = answer = self._http.send(request, stream=True)
        self.status = answer.status_code
        self._thread = threading.Thread(target=self._read, args=(answer,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        assert self.answer is not None
        stream: Any = self.answer.extensions["network_stream"]
        with contextlib.suppress(OSError):  # the server may have closed it
            stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join(60)
        self._http.close()

    @property
    def is_alive(self) -> bool:
        """Whether the connection is still open."""
        return self._thread.is_alive()

    def _read(self, answer: httpx.Response) -> None:
        name, data, last = "", "", None
        try:
            for line in answer.iter_lines():
                field, _, value = line.partition(": ")
                if not line:
                    if data:
                        self.events.append(Event(name, json.loads(data), last, time.time()))
                    name, data = "", ""
                elif field == "event":
                    name = value
                elif field == "data":
                    data += value
                elif field == "id":
                    last = self.last_id = value
                elif line.startswith(":"):
                    self.heartbeats += 1
        except (httpx.HTTPError, OSError, ValueError, AttributeError):
            return  # the connection was closed, here or there

    # ---------------------------------------------------------------------- what it got

    def named(self, name: str) -> list[Any]:
        """Return the data of the events of a name."""
        return [each.data for each in list(self.events) if each.name == name]

    def waits_for(self, name: str, count: int = 1, seconds: float = 180.0) -> list[Any]:
        """Wait for this number of events of a name, and return their data."""
        return (
            eventually(
                lambda: found if len(found := self.named(name)) >= count else None,
                seconds=seconds,
                what=f"{count} events {name}, not only {self.events}",
            )
            or []
        )

    def ids(self) -> list[str]:
        """Return the ids of the notifications in the order in which they came."""
        return [each["id"] for each in self.named("notification")]

    def ended(self, seconds: float = 180.0) -> list[Any]:
        """Wait until the connection has ended; return why, if the server said it."""
        eventually(lambda: not self._thread.is_alive(), seconds=seconds, what="the stream ends")
        return [each["reason"] for each in self.named("closed")]
