import http.client
import json
import os
import resource
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread

import pytest

from tests.unit.lambda_host.builders import wait_until
from tidings_local.lambda_host import Invocation
from tidings_local.lambda_host.faults import RESPONSE_LIMIT_BYTES
from tidings_local.lambda_host.runtime_api import Offer, RuntimeApi
from tidings_local.lambda_host.signals import Answered, InitFailed, Ready, Signals

NEXT = "/2018-06-01/runtime/invocation/next"
OFFER = Offer(
    Invocation(payload=b'{"a": 1}', request_id="r-1", trace_id="Root=1", client_context="{}"),
    function_arn="arn:f",
    deadline_ms=1234,
)


@pytest.fixture
def signals() -> Signals:
    return SimpleQueue()


@pytest.fixture
def api(signals: Signals) -> Iterator[RuntimeApi]:
    api = RuntimeApi(signals)
    yield api
    api.close()


def post(api: RuntimeApi, path: str, body: bytes = b"{}", **headers: str) -> int:
    connection = http.client.HTTPConnection(api.address, timeout=10)
    connection.request("POST", f"/2018-06-01/runtime/{path}", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_event_is_handed_out_with_the_headers_of_aws(api: RuntimeApi, signals: Signals) -> None:
    api.offer(OFFER)
    connection = http.client.HTTPConnection(api.address, timeout=10)
    connection.request("GET", NEXT)
    response = connection.getresponse()
    assert json.loads(response.read()) == {"a": 1}
    assert response.headers["Lambda-Runtime-Aws-Request-Id"] == "r-1"
    assert response.headers["Lambda-Runtime-Deadline-Ms"] == "1234"
    assert response.headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:f"
    assert response.headers["Lambda-Runtime-Trace-Id"] == "Root=1"
    assert response.headers["Lambda-Runtime-Client-Context"] == "{}"
    assert signals.get(timeout=1) == Ready()
    assert api.delivered.is_set()
    connection.close()


def test_answer_reaches_the_caller_once(api: RuntimeApi, signals: Signals) -> None:
    api.offer(OFFER)
    assert post(api, "invocation/r-1/response", b'"done"') == 202
    assert signals.get(timeout=1) == Answered("r-1", b'"done"')
    assert post(api, "invocation/r-1/response") == 400


def test_error_answer_is_marked(api: RuntimeApi, signals: Signals) -> None:
    api.offer(OFFER)
    assert post(api, "invocation/r-1/error", b'{"errorType": "E"}') == 202
    assert signals.get(timeout=1) == Answered("r-1", b'{"errorType": "E"}', is_error=True)


def test_answer_for_another_request_is_refused(api: RuntimeApi, signals: Signals) -> None:
    api.offer(OFFER)
    assert post(api, "invocation/r-2/response") == 400
    assert signals.empty()


def test_too_large_answer_is_refused_and_told(api: RuntimeApi, signals: Signals) -> None:
    api.offer(OFFER)
    assert post(api, "invocation/r-1/response", b"x" * (RESPONSE_LIMIT_BYTES + 1)) == 413
    assert signals.get(timeout=1) == Answered("r-1", b"", too_large=True)


def test_init_error_is_told_with_its_type(api: RuntimeApi, signals: Signals) -> None:
    headers = {"Lambda-Runtime-Function-Error-Type": "Runtime.ImportModuleError"}
    assert post(api, "init/error", b'{"a": 1}', **headers) == 202
    assert signals.get(timeout=1) == InitFailed("Runtime.ImportModuleError", b'{"a": 1}')


def test_unknown_path_is_not_found(api: RuntimeApi) -> None:
    assert post(api, "restore/error") == 404


def test_event_is_not_handed_to_a_runtime_that_is_gone(api: RuntimeApi, signals: Signals) -> None:
    connection = http.client.HTTPConnection(api.address, timeout=10)
    connection.request("GET", NEXT)
    assert signals.get(timeout=1) == Ready()
    connection.close()
    api.offer(OFFER)
    wait_until(lambda: not api._connections, "connection is given up")
    assert not api.delivered.is_set()


def test_host_may_have_many_open_files(api: RuntimeApi, signals: Signals) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2048)), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        api.offer(OFFER)
        connection = http.client.HTTPConnection(api.address, timeout=10)
        connection.request("GET", NEXT)
        assert connection.getresponse().read() == b'{"a": 1}'
        connection.close()
    finally:
        for each in held:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_closing_ends_a_runtime_that_waits(api: RuntimeApi, signals: Signals) -> None:
    connection = http.client.HTTPConnection(api.address, timeout=10)
    failures: list[Exception] = []

    def wait() -> None:
        connection.request("GET", NEXT)
        try:
            connection.getresponse()
        except (http.client.HTTPException, OSError) as error:
            failures.append(error)

    waiting = Thread(target=wait)
    waiting.start()
    assert signals.get(timeout=1) == Ready()
    api.close()
    waiting.join(10)
    assert len(failures) == 1
