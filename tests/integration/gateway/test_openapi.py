"""The API is what its OpenAPI document says, whoever asks."""

import json
import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.integration.gateway.in_process import InProcessApi
from tests.openapi_client import complaints
from tidings.platform.secrets import SigningKeys

SECONDS = 25


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing: pytest would show thousands of lines."""


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


@pytest.mark.parametrize("who", ["stranger", "customer", "admin"])
def test_schema_driven_tester_finds_nothing(
    who: str, api_url: str, request: pytest.FixtureRequest
) -> None:
    caller: InProcessApi = request.getfixturevalue(who)
    said = complaints(api_url, token=caller.token, seconds=SECONDS)
    assert said is None, said
