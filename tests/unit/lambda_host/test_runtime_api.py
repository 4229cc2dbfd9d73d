import http.client
import json
import os
import resource
import select
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread

import pytest

from tests.host_thread import LoopThread
from tidings_local.lambda_host import Invocation
from tidings_local.lambda_host.faults import RESPONSE_LIMIT_BYTES
from tidings_local.lambda_host.runtime_api import Offer, RuntimeApi
from tidings_local.lambda_host.signals import Answered, InitFailed, Ready, Signal, Signals

NEXT = "/2018-06-01/runtime/invocation/next"
OFFER = Offer(
    Invocation(payload=b'{"a": 1}', request_id="r-1", trace_id="Root=1", client_context="{}"),
    function_arn="arn:f",
    deadline_ms=1234,
)


class Runtime:
    """Runs the Runtime API on its event loop, for a test in another thread."""

    def __init__(self, loop: LoopThread) -> None:
        self._loop = loop
        self._signals = loop.call(Signals)
        self.api = loop.call(RuntimeApi, self._signals)
        self.address = self.api.address
        loop.run(self.api.open())

    def offer(self, offer: Offer) -> None:
        self._loop.call(self.api.offer, offer)

    def signal(self, within_seconds: float = 30.0) -> Signal | None:
        return self._loop.run(self._signals.get(time.monotonic() + within_seconds))

    def event_was_read(self) -> bool:
        return self._loop.run(self.api.event_was_read())

    def close(self) -> None:
        self._loop.call(self.api.close)


@pytest.fixture
def api(loop: LoopThread) -> Iterator[Runtime]:
    runtime = Runtime(loop)
    yield runtime
    runtime.close()


def post(api: Runtime, path: str, body: bytes = b"{}", **headers: str) -> int:
    connection = http.client.HTTPConnection(api.address, timeout=60)
    connection.request("POST", f"/2018-06-01/runtime/{path}", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_event_is_handed_out_with_the_headers_of_aws(api: Runtime) -> None:
    api.offer(OFFER)
    connection = http.client.HTTPConnection(api.address, timeout=60)
    connection.request("GET", NEXT)
    response = connection.getresponse()
    assert json.loads(response.read()) == {"a": 1}
    assert response.headers["Lambda-Runtime-Aws-Request-Id"] == "r-1"
    assert response.headers["Lambda-Runtime-Deadline-Ms"] == "1234"
    assert response.headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:f"
    assert response.headers["Lambda-Runtime-Trace-Id"] == "Root=1"
    assert response.headers["Lambda-Runtime-Client-Context"] == "{}"
    assert api.signal() == Ready()
    assert api.api.delivered
    connection.close()


def test_answer_reaches_the_caller_once(api: Runtime) -> None:
    api.offer(OFFER)
    assert post(api, "invocation/r-1/response", b'"done"') == 202
    assert api.signal() == Answered("r-1", b'"done"')
    assert post(api, "invocation/r-1/response") == 400


def test_error_answer_is_marked(api: Runtime) -> None:
    api.offer(OFFER)
    assert post(api, "invocation/r-1/error", b'{"errorType": "E"}') == 202
    assert api.signal() == Answered("r-1", b'{"errorType": "E"}', is_error=True)


def test_answer_for_another_request_is_refused(api: Runtime) -> None:
    api.offer(OFFER)
    assert post(api, "invocation/r-2/response") == 400
    assert api.signal(within_seconds=0.01) is None


def test_too_large_answer_is_refused_and_reported(api: Runtime) -> None:
    api.offer(OFFER)
    assert post(api, "invocation/r-1/response", b"x" * (RESPONSE_LIMIT_BYTES + 1)) == 413
    assert api.signal() == Answered("r-1", b"", too_large=True)


def test_init_error_is_reported_with_its_type(api: Runtime) -> None:
    headers = {"Lambda-Runtime-Function-Error-Type": "Runtime.ImportModuleError"}
    assert post(api, "init/error", b'{"a": 1}', **headers) == 202
    assert api.signal() == InitFailed("Runtime.ImportModuleError", b'{"a": 1}')


def test_unknown_path_is_not_found(api: Runtime) -> None:
    assert post(api, "restore/error") == 404


def test_event_is_not_handed_to_an_ended_runtime(api: Runtime) -> None:
    connection = http.client.HTTPConnection(api.address, timeout=60)
    connection.request("GET", NEXT)
    assert api.signal() == Ready()
    connection.close()
    api.offer(OFFER)
    assert not api.event_was_read()


def test_event_sent_to_a_runtime_that_just_ended_was_not_read(
    loop: LoopThread, api: Runtime
) -> None:
    connection = http.client.HTTPConnection(api.address, timeout=60)
    connection.request("GET", NEXT)
    assert api.signal() == Ready()

    def close_and_offer() -> None:  # the loop cannot notice the end before it writes
        connection.close()
        api.api.offer(OFFER)

    loop.call(close_and_offer)
    assert not api.event_was_read()


def test_event_is_not_sent_on_a_connection_that_has_ended(loop: LoopThread, api: Runtime) -> None:
    connection = http.client.HTTPConnection(api.address, timeout=60)
    connection.request("GET", NEXT)
    assert api.signal() == Ready()

    def offer_between_end_and_loss() -> None:
        (waiting,) = api.api._waiting
        waiting.eof_received()
        api.api.offer(OFFER)

    loop.call(offer_between_end_and_loss)
    assert not api.event_was_read()
    connection.close()


def test_event_left_unread_by_its_runtime_was_not_read(api: Runtime) -> None:
    connection = http.client.HTTPConnection(api.address, timeout=60)
    connection.request("GET", NEXT)
    assert api.signal() == Ready()
    api.offer(OFFER)
    select.select([connection.sock], [], [], 5)
    connection.close()
    assert not api.event_was_read()


def test_event_read_by_a_runtime_that_ends_was_read(api: Runtime) -> None:
    api.offer(OFFER)
    connection = http.client.HTTPConnection(api.address, timeout=60)
    connection.request("GET", NEXT)
    connection.getresponse().read()
    connection.close()
    assert api.event_was_read()


def test_runtime_that_ends_during_its_answer_had_read_the_event(api: Runtime) -> None:
    api.offer(OFFER)
    connection = http.client.HTTPConnection(api.address, timeout=60)
    connection.request("GET", NEXT)
    connection.getresponse().read()
    head = b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\n"
    connection.sock.sendall(head + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")
    select.select([connection.sock], [], [], 5)
    connection.close()  # with "100 Continue" unread, so that the kernel resets the connection
    assert api.event_was_read()


def test_a_runtime_that_asks_early_gets_the_next_event(api: Runtime) -> None:
    connection = http.client.HTTPConnection(api.address, timeout=60)
    for number in ("r-1", "r-2"):
        connection.request("GET", NEXT)
        if number == "r-1":
            assert api.signal() == Ready()
        invocation = Invocation(payload=number.encode(), request_id=number)
        api.offer(Offer(invocation, function_arn="arn:f", deadline_ms=1))
        assert connection.getresponse().read() == number.encode()
        path = f"/2018-06-01/runtime/invocation/{number}/response"
        connection.request("POST", path, number)
        assert connection.getresponse().read() == b'{"status": "OK"}'
        assert api.signal() == Answered(number, number.encode())
    connection.close()


def test_client_waits_for_100_continue_with_a_large_body(api: Runtime) -> None:
    api.offer(OFFER)
    host, _, port = api.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        head = b"POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nExpect: 100-continue"
        connection.sendall(head + b"\r\nContent-Length: 4\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'"a')
        connection.sendall(b'b"')
        assert connection.recv(100).startswith(b"HTTP/1.1 202 Accepted\r\n")
    assert api.signal() == Answered("r-1", b'"ab"')


def test_malformed_request_ends_only_its_connection(api: Runtime) -> None:
    host, _, port = api.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"\x16\x03\x01 this is TLS\r\n\r\n")
        with suppress(ConnectionResetError):
            assert connection.recv(100) == b""
    assert post(api, "init/error") == 202  # the others are served


def test_line_breaks_in_a_client_context_do_not_end_its_header(api: Runtime) -> None:
    invocation = Invocation(payload=b"1", request_id="r-1", client_context='{\r\n"a": "æ"}')
    api.offer(Offer(invocation, function_arn="arn:f", deadline_ms=1))
    connection = http.client.HTTPConnection(api.address, timeout=60)
    connection.request("GET", NEXT)
    response = connection.getresponse()
    context = response.headers["Lambda-Runtime-Client-Context"].encode("latin-1").decode()
    assert json.loads(context) == {"a": "æ"}
    assert response.read() == b"1"
    connection.close()


def test_host_may_have_many_open_files(api: Runtime) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2048)), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        api.offer(OFFER)
        connection = http.client.HTTPConnection(api.address, timeout=60)
        connection.request("GET", NEXT)
        assert connection.getresponse().read() == b'{"a": 1}'
        connection.close()
    finally:
        for each in held:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_closing_ends_a_waiting_runtime(api: Runtime) -> None:
    connection = http.client.HTTPConnection(api.address, timeout=60)
    failures: list[Exception] = []

    def wait() -> None:
        connection.request("GET", NEXT)
        try:
            connection.getresponse()
        except (http.client.HTTPException, OSError) as error:
            failures.append(error)

    waiting = Thread(target=wait)
    waiting.start()
    assert api.signal() == Ready()
    api.close()
    waiting.join(60)
    assert len(failures) == 1
