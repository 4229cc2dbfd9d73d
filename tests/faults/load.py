"""Traffic of well-behaved clients: a failed request is repeated with the same key."""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Final, Protocol
from uuid import uuid4

import httpx

from tests.e2e.shop import Shop

PATIENCE_SECONDS: Final = 90.0
PAUSE_SECONDS: Final = 0.25
ACCEPTED: Final = frozenset({200, 201, 202})
# Temporary failures. Any other refusal is permanent, and no fault may cause it.
TRY_AGAIN: Final = frozenset({429, 500, 502, 503, 504, 404, 403})


class Writer(Protocol):
    """Makes requests of one kind."""

    @property
    def kind(self) -> str: ...

    def send(self, key: str) -> httpx.Response:
        """Request one effect; the same key requests the same one."""
        ...


@dataclass
class Book:
    """The clients' record of their requests: accepted with an id, or abandoned."""

    accepted: dict[str, str] = field(default_factory=dict)
    given_up: dict[str, str] = field(default_factory=dict)
    retried: int = 0


class Traffic:
    """Several concurrent clients, each of which makes a number of requests, or runs for a time."""

    def __init__(
        self,
        writers: Sequence[Writer],
        *,
        requests: int = 2**31,
        seconds: float = float("inf"),
        pause: float = 0.0,
    ) -> None:
        self._writers, self._requests, self._pause = writers, requests, pause
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(len(writers))
        self._running: list[Future[None]] = []
        self._lock = Lock()
        self._done = 0
        self.books: dict[str, Book] = {each.kind: Book() for each in writers}
        self.under_way = Event()

    def start(self) -> None:
        self._running = [self._pool.submit(self._write_all, each) for each in self._writers]

    def finish(self) -> None:
        """Wait until every client has finished.

        Raises:
            AssertionError: a request was refused for good.
        """
        for each in self._running:
            each.result()
        self._pool.shutdown()

    def _write_all(self, writer: Writer) -> None:
        end = time.monotonic() + self._seconds
        for _ in range(self._requests):
            if time.monotonic() > end:
                break
            self._write(writer, uuid4().hex)
            time.sleep(self._pause)

    def _write(self, writer: Writer, key: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        said = self._attempt(writer, key)
        while said is not None and time.monotonic() < deadline:
            with self._lock:
                self.books[writer.kind].retried += 1
            time.sleep(PAUSE_SECONDS)
            said = self._attempt(writer, key)
        with self._lock:
            if said is not None:
                self.books[writer.kind].given_up[key] = said
            self._done += 1
            if self._done >= len(self._writers) * self._requests // 3:
                self.under_way.set()

    def _attempt(self, writer: Writer, key: str) -> str | None:
        """Record an accepted request, or return the reason of its failure."""
        try:
            answer = writer.send(key)
            if answer.status_code in ACCEPTED:
                with self._lock:
                    self.books[writer.kind].accepted[key] = _id_of(answer)
                return None
        except (httpx.HTTPError, ValueError, KeyError) as error:
            return repr(error)
        assert answer.status_code in TRY_AGAIN, f"{answer.status_code} {answer.text[:500]}"
        return f"{answer.status_code} {answer.text[:200]}"


def _id_of(answer: httpx.Response) -> str:
    return str(answer.json()["data"]["id"])


@dataclass(frozen=True)
class Orders:
    """A customer who orders one piece of a product at a time."""

    customer: Shop
    product_id: str
    kind: str = "orders"

    def send(self, key: str) -> httpx.Response:
        body = {"items": [{"product_id": self.product_id, "quantity": 1}]}
        return self.customer.rest("POST", "/orders", body, {"Idempotency-Key": key})


@dataclass(frozen=True)
class Sends:
    """An operator who sends mails to one customer."""

    operator: Shop
    user_id: str
    kind: str = "mails"

    def send(self, key: str) -> httpx.Response:
        body = {
            "notification_type": "email",
            "user_id": self.user_id,
            "template_code": "user_verified",
            "request_id": key,
        }
        return self.operator.rest("POST", "/notifications", body)
