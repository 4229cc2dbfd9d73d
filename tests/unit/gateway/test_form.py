"""Tests of the limits on a document before its validation, which keep the validation short."""

import json
import time

import pytest
from documents import _parse
from execution import GraphQLRequest, RequestRefused, format_error, run
from form import MAX_FRAGMENTS, check_form
from graphql import parse
from limits import TooComplex
from resolvers.caller import GatewayContext

from tests.unit.gateway.builders import Answer, send

# The limit for a busy machine; an ordinary request takes a few milliseconds.
MOST_SECONDS = 1.0
FEW_KB = 20_000

FRAGMENTS = " ".join(f"fragment F{n} on User{{x:id x:name y:email y:id}}" for n in range(90))
SPREADS = " ".join(f"...F{n}" for n in range(90))
CHAIN = " ".join(f"fragment F{n} on User{{id ...F{n + 1}}}" for n in range(90))
REPEATED = {
    "equal fields": "{me{" + "id " * 400 + "}}",
    "equal objects": "{" + "me{id name} " * 300 + "}",
    "objects of equal fields": "{" + ("me{" + "id " * 10 + "}") * 100 + "}",
    "fields in conflict": "{me{" + "x:id x:name " * 300 + "}}",
    "fields in conflict, inline": "{me{" + "...{x:id}...{x:name}" * 140 + "}}",
    "arguments in conflict": "{"
    + " ".join(f"getProducts(first:{n}){{totalCount}}" for n in range(200))
    + "}",
    "deep conflicts": "{" + "getProducts{edges{node{sku x:sku x:title}}} " * 80 + "}",
    "conflicts by fragments": "{me{" + SPREADS + "}} " + FRAGMENTS,
    "chain of fragments": "{me{...F0}} " + CHAIN + " fragment F90 on User{id}",
}


def refusal_of(query: str) -> RequestRefused:
    with pytest.raises(RequestRefused) as refused:
        run(GraphQLRequest.model_validate({"query": query}), GatewayContext(None), read_only=True)
    return refused.value


@pytest.mark.parametrize("name", REPEATED)
def test_repetitive_document_is_refused_fast(name: str) -> None:
    started = time.thread_time()
    (error,) = refusal_of(REPEATED[name]).errors
    assert time.thread_time() - started < MOST_SECONDS
    assert format_error(error)["extensions"] == {"code": "QUERY_TOO_COMPLEX"}


@pytest.mark.parametrize(
    "query",
    [
        "{me{" + "id " * 100 + "}}",
        # Components of a page that each request their own fields, as Relay and Apollo compose them.
        "{me{" + " ".join(f"...F{n}" for n in range(40)) + "}}"
        + " ".join(f"fragment F{n} on User{{id name email}}" for n in range(40)),
        "{me{" + " ".join("...on User{id name ...{email}}" for _ in range(40)) + "}}",
        "{" + " ".join(f"a{n}:getProducts{{edges{{node{{sku}}}}}}" for n in range(50)) + "}",
        # The fragment occurs twice, but not within itself.
        "{me{...F preferences{...G}}} fragment F on User{id preferences{...G}}"
        " fragment G on Preferences{__typename}",
    ],
    ids=["fields", "fragments", "inline fragments", "aliases", "fragment at two places"],
)  # fmt: skip
def test_document_of_a_large_page_passes(query: str) -> None:
    check_form(_parse(query))


def test_fragments_in_a_circle_end() -> None:
    check_form(parse("{me{...A}} fragment A on User{id ...B} fragment B on User{name ...A}"))


def test_fragments_that_double_at_each_step_end() -> None:
    steps = [
        f"fragment F{n} on T{{a{{...F{n + 1}}} b{{...F{n + 1}}}}}" for n in range(MAX_FRAGMENTS - 1)
    ]
    query = "{...F0} " + " ".join(steps) + f" fragment F{MAX_FRAGMENTS - 1} on T{{a}}"
    started = time.thread_time()
    with pytest.raises(TooComplex):
        check_form(parse(query))
    assert time.thread_time() - started < MOST_SECONDS


def test_many_fragments_are_refused() -> None:
    query = "{...F0} " + " ".join(f"fragment F{n} on Query{{__typename}}" for n in range(240))
    assert "fragments" in refusal_of(query).errors[0].message


@pytest.mark.parametrize("opening", ["[", "{a:"])
def test_value_that_nests_deep_is_refused(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    query = "{getProducts(first:" + opening * 150 + "1" + closing * 150 + "){totalCount}}"
    assert format_error(refusal_of(query).errors[0])["extensions"] == {"code": "QUERY_TOO_COMPLEX"}


# ------------------------------------------------------------------------ numbers

NUMBERS = ["9" * 15_000, "-" + "9" * 15_000, "1e400", "-1e400", "1" + "0" * 400 + ".5", "9" * 33,
           "1e" + "9" * 5_000, "9007199254740993", "1.5"]  # fmt: skip
AT_PLACES = [
    "{{getProducts(first: {})  {{totalCount}}}}",
    "query($n: Int = {}) {{getProducts(first: $n) {{totalCount}}}}",
    "{{getProducts(filter: {{minPrice: {}}}) {{totalCount}}}}",
    "{{getProducts(first: 1) @include(if: {}) {{totalCount}}}}",
    "{{getProduct(id: [{}]) {{sku}}}}",
]


def is_refused_in_short(answer: Answer, log: str) -> bool:
    assert answer.code in {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}
    assert len(answer.text) < FEW_KB
    assert all(len(line) < FEW_KB for line in log.splitlines())
    return "data" not in answer.content


@pytest.mark.parametrize("number", NUMBERS, ids=lambda each: f"{each[:6]}-{len(each)}")
@pytest.mark.parametrize("document", AT_PLACES, ids=range(len(AT_PLACES)))
def test_number_out_of_range_is_bad_input(
    document: str, number: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = send(body={"query": document.format(number)})
    assert is_refused_in_short(answer, caplog.text)


@pytest.mark.parametrize("number", [*NUMBERS, "NaN", "Infinity", "9" * 400, "1e308"],
                         ids=lambda each: f"{each[:6]}-{len(each)}")  # fmt: skip
def test_number_out_of_range_in_variables_is_bad_input(
    number: str, caplog: pytest.LogCaptureFixture
) -> None:
    query = "query($n: Int) {getProducts(first: $n) {totalCount}}"
    body = f'{{"query": "{query}", "variables": {{"n": {number}}}}}'
    assert is_refused_in_short(send(body=body), caplog.text)


# ----------------------------------------------------------------- sizes of answers


@pytest.mark.parametrize(
    "body",
    [
        {"query": "mutation($i: PlaceOrderInput!) {placeOrder(input: $i) {id}}",
         "variables": {"i": {f"k{n}": n for n in range(4_000)}}},
        {"query": "mutation($i: PlaceOrderInput!) {placeOrder(input: $i) {id}}",
         "variables": {"i": {"items": [{"x": 1}] * 4_000}}},
        {"query": "mutation($i: PlaceOrderInput!) {placeOrder(input: $i) {id}}",
         "variables": {"i": "x" * 60_000}},
        {"query": "mutation($i: PlaceOrderInput!) {placeOrder(input: $i) {id}}",
         "variables": {"k" * 60_000: 1}},
        {"query": "mutation{placeOrder(input:{"
         + " ".join(f"k{n}:1" for n in range(480)) + "}){id}}"},
        {"query": "{" + " ".join(f"field{n}" for n in range(900)) + "}"},
        {"query": "{" + "x" * 19_000 + "}"},
        {"query": '{getProducts(first: "' + "x" * 19_000 + '"){totalCount}}'},
        {"query": "{me{id}}", "operationName": "x" * 200_000},
        {"query": "{me{id}}", "operationName": {f"k{n}": 1 for n in range(15_000)}},
        {"query": ["x"] * 15_000},
        {"query": "{me{id}}", "extensions": {"persistedQuery": {f"k{n}": 1 for n in range(9_000)}}},
    ],
    ids=lambda body: str(body)[:60],
)  # fmt: skip
def test_refusal_does_not_grow_with_the_request(
    body: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    assert len(json.dumps(body)) < 256 * 1024
    assert is_refused_in_short(send(body=body), caplog.text)


def test_refusal_counts_the_errors_that_it_does_not_list() -> None:
    query = "mutation($i: PlaceOrderInput!) {placeOrder(input: $i) {id}}"
    variables = {"i": {f"k{n}": n for n in range(500)}}
    errors = send(body={"query": query, "variables": variables}).errors
    assert len(errors) == 21
    assert errors[-1]["message"].startswith("and ")
