"""With trusted documents, GraphQL runs the operations of the manifest and no others."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import persisted
import pytest

from tests.unit.gateway.builders import GRAPHQL_JSON, send
from tidings.platform.settings import settings

BODIES = {
    each["name"]: each["body"] for each in json.loads(persisted.MANIFEST.read_text())["operations"]
}
ME = BODIES["Me"]
NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"


def named(text: str) -> dict[str, Any]:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"persistedQuery": {"version": 1, "sha256Hash": digest}}


@pytest.fixture(autouse=True)
def only_trusted_documents(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TIDINGS_TRUSTED_DOCUMENTS", "true")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize(
    "body", [{"extensions": named(ME)}, {"query": ME}, {"query": ME, "extensions": named(ME)}]
)
def test_known_document_runs(body: dict[str, Any]) -> None:
    # It runs as far as the field, which needs a person.
    assert send(body=body).code == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ __typename }"},
        {"query": "{ __schema { types { name } } }"},
        {"query": f"{ME} "},
        {"query": f"{ME} query Other {{ __typename }}", "operationName": "Other"},
        {"extensions": named("{ __typename }")},
        {"query": "{ __typename }", "extensions": named("{ __typename }")},
        {"query": "no document"},
    ],
)
def test_other_document_is_refused(body: dict[str, Any]) -> None:
    answer = send(body=body)
    assert (answer.status, answer.code) == (200, NOT_TRUSTED)
    assert "data" not in answer.content
    assert send(headers={"accept": GRAPHQL_JSON}, body=body).status == 400


def test_document_of_a_url_is_refused() -> None:
    assert send("GET", parameters={"query": "{ __typename }"}).code == NOT_TRUSTED


def test_hash_of_another_document_is_refused() -> None:
    assert send(body={"query": ME, "extensions": named("{ a }")}).code == "BAD_USER_INPUT"


def test_request_without_a_document_is_refused() -> None:
    assert send(body={"variables": {}}).code == "BAD_USER_INPUT"
