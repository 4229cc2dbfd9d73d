"""Automatic persisted queries with the real Redis."""

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import persisted
import pytest
from execution import GraphQLRequest

from tests.integration.builders import a_redis_that_is_away
from tests.integration.gateway.in_process import InProcessApi
from tests.unit.gateway.builders import GRAPHQL_JSON, Answer, send
from tidings.platform.caching import cache


def a_query() -> str:
    """Return a new valid document."""
    return f"query Q{uuid4().hex} {{ __typename }}"


def extensions(query: str, **changes: Any) -> dict[str, Any]:
    digest = hashlib.sha256(query.encode()).hexdigest()
    return {"persistedQuery": {"version": 1, "sha256Hash": digest} | changes}


def by_name(query: str) -> Answer:
    return send(body={"extensions": extensions(query)})


def test_unknown_document_is_requested() -> None:
    answer = by_name(a_query())
    assert (answer.status, answer.code) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert answer.errors[0]["message"] == "PersistedQueryNotFound"
    assert "data" not in answer.content


def test_document_is_sent_once_and_then_named() -> None:
    query = a_query()
    sent = send(body={"query": query, "extensions": extensions(query)})
    assert sent.content == by_name(query).content == {"data": {"__typename": "Query"}}


def test_document_named_in_a_url_is_cacheable() -> None:
    query = a_query()
    send(body={"query": query, "extensions": extensions(query)})
    answer = send("GET", parameters={"extensions": json.dumps(extensions(query))})
    assert answer.content == {"data": {"__typename": "Query"}}
    assert answer.headers["cache-control"].startswith("public, max-age=")
    assert "authorization" in answer.headers["vary"].lower()


def test_request_for_the_document_is_not_cacheable() -> None:
    answer = send("GET", parameters={"extensions": json.dumps(extensions(a_query()))})
    assert answer.code == "PERSISTED_QUERY_NOT_FOUND"
    assert answer.headers["cache-control"] == "no-store"


def test_document_expires_after_a_day() -> None:
    query = a_query()
    send(body={"query": query, "extensions": extensions(query)})
    named = persisted.named_in(extensions(query))
    assert named
    for kept in (named.sha256_hash, "index"):
        left = cache.client().ttl(persisted._key("anonymous", kept))
        assert 0 < left <= persisted.TTL_SECONDS


def documents_of(shelf: str) -> int:
    """Return the number of documents on a shelf, by the keys and by the shelf's index."""
    keys = list(cache.client().scan_iter(persisted._key(shelf, "*")))
    documents = len(keys) - (persisted._key(shelf, "index") in keys)
    assert cache.client().zcard(persisted._key(shelf, "index")) == documents
    return documents


def test_anonymous_documents_are_limited_and_the_oldest_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(persisted, "MAX_KEPT", 5)
    queries = [a_query() for _ in range(12)]
    for query in queries:
        send(body={"query": query, "extensions": extensions(query)})
    assert documents_of("anonymous") == 5
    assert [by_name(query).status for query in queries[-5:]] == [200] * 5
    assert {by_name(query).content.get("data") is None for query in queries[:7]} == {True}


def test_documents_of_signed_in_callers_are_kept(
    customer: InProcessApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persisted, "MAX_KEPT", 5)
    own = a_query()
    body = json.dumps({"query": own, "extensions": extensions(own)}).encode()
    customer.request("POST", "/graphql", body, {"Content-Type": "application/json"})
    for query in (a_query() for _ in range(12)):
        send(body={"query": query, "extensions": extensions(query)})
    assert documents_of("signed-in") == 1
    assert by_name(own).content == {"data": {"__typename": "Query"}}


def test_repeated_document_takes_no_further_place() -> None:
    query = a_query()
    for _ in range(3):
        send(body={"query": query, "extensions": extensions(query)})
    assert documents_of("anonymous") == 1


def test_large_document_is_answered_and_not_stored() -> None:
    query = "{ __typename } # " + "\U0001f4a5" * (persisted.MAX_BYTES // 4)
    sent = send(body={"query": query, "extensions": extensions(query)})
    assert sent.content == {"data": {"__typename": "Query"}}
    assert by_name(query).code == "PERSISTED_QUERY_NOT_FOUND"


def test_documents_are_in_the_cache() -> None:
    query = a_query()
    send(body={"query": query, "extensions": extensions(query)})
    named = persisted.named_in(extensions(query))
    assert named
    cache.client().delete(persisted._key("anonymous", named.sha256_hash))
    assert by_name(query).code == "PERSISTED_QUERY_NOT_FOUND"
    send(body={"query": query, "extensions": extensions(query)})
    assert by_name(query).content == {"data": {"__typename": "Query"}}


def test_document_with_a_wrong_hash_is_refused_and_not_stored() -> None:
    query, other = a_query(), a_query()
    answer = send(body={"query": query, "extensions": extensions(other)})
    assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")
    assert by_name(other).code == "PERSISTED_QUERY_NOT_FOUND"


def test_invalid_document_is_not_stored() -> None:
    query = f"query Q{uuid4().hex} {{ nope }}"
    assert send(body={"query": query, "extensions": extensions(query)}).code == "BAD_USER_INPUT"
    assert by_name(query).code == "PERSISTED_QUERY_NOT_FOUND"


def test_named_mutation_is_not_run_by_url() -> None:
    query = (
        f'mutation M{uuid4().hex} {{ login(input: {{email: "a", password: "b"}}) {{ tokenType }} }}'
    )
    send(body={"query": query, "extensions": extensions(query)})
    answer = send("GET", parameters={"extensions": json.dumps(extensions(query))})
    assert answer.status == 405


@pytest.mark.parametrize(
    "changes",
    [{"version": 2}, {"version": "1"}, {"sha256Hash": "ABC"}, {"sha256Hash": None},
     {"sha256Hash": {"$gt": ""}}, {"sha256Hash": "*"}],
    ids=str,
)  # fmt: skip
def test_malformed_hash_is_400(changes: dict[str, Any]) -> None:
    query = a_query()
    for body in ({}, {"query": query}):
        answer = send(body=body | {"extensions": extensions(query, **changes)})
        assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("value", [None, [], "x", 7])
def test_extension_that_is_not_an_object_is_400(value: object) -> None:
    assert send(body={"extensions": {"persistedQuery": value}}).status == 400


def test_request_without_document_and_name_is_400() -> None:
    assert send(body={"extensions": {}}).status == 400


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = a_redis_that_is_away()
    monkeypatch.setattr(cache, "client", lambda: nowhere)


@pytest.mark.usefixtures("no_redis")
def test_without_redis_clients_are_asked_to_send_documents() -> None:
    query = a_query()
    assert by_name(query).code == "PERSISTED_QUERY_NOT_SUPPORTED"
    sent = send(body={"query": query, "extensions": extensions(query)})
    assert sent.content == {"data": {"__typename": "Query"}}


@pytest.mark.usefixtures("no_redis")
def test_documents_of_the_manifest_are_known_without_redis() -> None:
    """Anyone may name them; who may run them is up to their operations."""
    named = {
        each["name"]: each["id"]
        for each in json.loads(persisted.MANIFEST.read_text())["operations"]
    }
    extension = {"persistedQuery": {"version": 1, "sha256Hash": named["Me"]}}
    answer = send(body={"extensions": extension})
    assert answer.code == "UNAUTHENTICATED"


def test_documents_of_the_manifest_take_no_place() -> None:
    for query in persisted.own_documents().values():
        send(body={"query": query, "extensions": extensions(query)})
    assert documents_of("anonymous") == 0


def test_unknown_hash_is_an_error_of_the_request() -> None:
    headers = {"accept": GRAPHQL_JSON}
    assert send(body={"extensions": extensions(a_query())}, headers=headers).status == 400


def test_other_extensions_are_ignored() -> None:
    request: Callable[..., Any] = GraphQLRequest.model_validate
    assert persisted.named_in(request({"query": "x", "extensions": {"a": 1}}).extensions) is None
