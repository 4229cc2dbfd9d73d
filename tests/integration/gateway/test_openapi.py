"""The API agrees with its OpenAPI document for every kind of caller."""

import json
import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.integration.gateway.in_process import InProcessApi
from tests.openapi_client import complaints
from tidings.platform.secrets import SigningKeys

SECONDS = 30
ENDING_SECONDS = 5


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Log nothing: pytest would show thousands of lines."""


@pytest.fixture
def api_url(keys: SigningKeys) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, InProcessApi(), request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def test_document_is_served(stranger: InProcessApi) -> None:
    answer = stranger.rest("GET", "/openapi.json")
    assert answer.status == 200
    assert json.loads(answer.text)["openapi"].startswith("3.1")


@pytest.mark.parametrize("who", ["customer", "admin"])
def test_short_run_of_schemathesis_finds_no_difference(
    who: str, api_url: str, request: pytest.FixtureRequest
) -> None:
    caller: InProcessApi = request.getfixturevalue(who)
    said = complaints(api_url, token=caller.token)
    assert said is None, said


@pytest.mark.fuzz
@pytest.mark.parametrize("who", ["stranger", "customer", "operator", "admin"])
def test_schemathesis_finds_no_difference(
    who: str, api_url: str, request: pytest.FixtureRequest
) -> None:
    caller: InProcessApi = request.getfixturevalue(who)
    said = complaints(api_url, token=caller.token, seconds=SECONDS)
    assert said is None, said


@pytest.mark.fuzz
def test_ending_sessions_and_deleting_accounts_is_as_documented(
    api_url: str, customer: InProcessApi
) -> None:
    said = complaints(api_url, token=customer.token, seconds=ENDING_SECONDS, ending=True)
    assert said is None, said
