import time
from contextlib import suppress

import pytest
import resolvers.monitoring  # noqa: F401 (it must see the operation, not the stand-in)
from execution import GraphQLRequest, RequestRefused, format_error, run
from graphql import GraphQLError
from limits import MAX_DOCUMENT_CHARACTERS, MAX_INTROSPECTION_DEPTH
from resolvers.caller import GatewayContext

from tidings.monitoring.health import Health


def refusal_of(query: str) -> list[GraphQLError]:
    with pytest.raises(RequestRefused) as refused:
        run(GraphQLRequest.model_validate({"query": query}), GatewayContext(None), read_only=True)
    return refused.value.errors


def codes_of(query: str) -> set[str]:
    return {format_error(error)["extensions"]["code"] for error in refusal_of(query)}


def is_served(query: str) -> bool:
    run(GraphQLRequest.model_validate({"query": query}), GatewayContext(None), read_only=True)
    return True


def introspection(depth: int) -> str:
    """Return an introspection query with this number of levels."""
    levels = depth - 3
    return '{__type(name: "User"){' + "ofType{" * levels + "fields{name}" + "}" * (levels + 2)


def test_deepest_query_is_served() -> None:
    assert is_served(introspection(MAX_INTROSPECTION_DEPTH))


def test_one_level_more_is_refused() -> None:
    (error,) = refusal_of(introspection(MAX_INTROSPECTION_DEPTH + 1))
    assert format_error(error)["extensions"] == {"code": "QUERY_TOO_COMPLEX"}


SCHEMA_AGAIN = "types{name fields{name args{name type{name}}}}"


@pytest.mark.parametrize(
    "query",
    [
        "{" + "".join(f"a{n}:__schema{{{SCHEMA_AGAIN}}}" for n in range(6)) + "}",
        "{__schema{" + "".join(f"a{n}:{SCHEMA_AGAIN}" for n in range(6)) + "}}",
        "{" + "".join(f'a{n}:__type(name:"User"){{name}}' for n in range(6)) + "}",
        "{...A} fragment A on Query{__schema{...B}} fragment B on __Schema{"
        + "".join(f"a{n}:{SCHEMA_AGAIN}" for n in range(6)) + "}",
    ],
    ids=["root", "inside", "types", "fragment"],
)  # fmt: skip
def test_schema_may_be_requested_a_few_times_at_once(query: str) -> None:
    assert codes_of(query) == {"QUERY_TOO_COMPLEX"}


def test_tools_may_name_a_few_parts_of_the_schema() -> None:
    names = "".join(f'a{n}:__type(name:"User"){{name}}' for n in range(5))
    assert is_served(f"{{{names}{''.join(f' b{n}:__typename' for n in range(45))}}}")


@pytest.mark.parametrize(
    "query",
    [
        # in fragments, in nested fragments, and inline
        "query{__type(name:\"User\"){...A}} fragment A on __Type{"
        + "ofType{" * 20 + "name" + "}" * 21,
        "query{__type(name:\"User\"){...A}}"
        " fragment A on __Type{ofType{ofType{ofType{ofType{ofType{ofType{ofType{...B}}}}}}}}"
        " fragment B on __Type{ofType{ofType{ofType{ofType{ofType{ofType{ofType{...C}}}}}}}}"
        " fragment C on __Type{ofType{ofType{ofType{ofType{ofType{ofType{ofType{name}}}}}}}}",
        "query{__type(name:\"User\"){" + "...on __Type{ofType{" * 20 + "name" + "}}" * 20 + "}}",
    ],
    ids=["fragment", "nested fragments", "inline"],
)  # fmt: skip
def test_depth_counts_through_fragments(query: str) -> None:
    assert codes_of(query) == {"QUERY_TOO_COMPLEX"}


def test_fragments_in_a_circle_are_refused() -> None:
    query = (
        "{__type(name:\"User\"){...A}}"
        " fragment A on __Type{ofType{...B}} fragment B on __Type{ofType{...A}}"
    )  # fmt: skip
    assert codes_of(query) == {"BAD_USER_INPUT"}


def test_fragments_that_double_at_each_step_are_measured_fast() -> None:
    count = 60
    fragments = [
        f"fragment F{n} on __Type{{...F{n + 1} ofType{{...F{n + 1}}}}}" for n in range(count)
    ]
    query = '{__type(name:"User"){...F0}} fragment F%d on __Type{name} ' % count  # noqa: UP031
    started = time.thread_time()
    assert codes_of(query + " ".join(fragments)) == {"QUERY_TOO_COMPLEX"}
    assert time.thread_time() - started < 5


def test_many_fragments_in_circles_end() -> None:
    names = [f"F{n}" for n in range(14)]
    fragments = [
        f"fragment {name} on __Type{{" + " ".join(f"...{other}" for other in names) + "}"
        for name in names
    ]
    query = '{__type(name:"User"){...F0}} ' + " ".join(fragments)
    started = time.thread_time()
    assert codes_of(query) <= {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}
    assert time.thread_time() - started < 5


def test_long_document_is_refused_unparsed() -> None:
    query = "{" + " " * MAX_DOCUMENT_CHARACTERS + "unclosed"
    assert codes_of(query) == {"QUERY_TOO_COMPLEX"}


def test_document_of_many_tokens_is_refused() -> None:
    assert refusal_of("{" + "a " * 3000 + "}")


@pytest.mark.parametrize("depth", [20, 50, 100, 150, 200, 300, 400, 600, 900])
@pytest.mark.parametrize("opening", ["ofType{", "...{", "...on __Type{"])
def test_deeply_nested_document_is_refused(opening: str, depth: int) -> None:
    query = '{__type(name:"User"){' + opening * depth + "name" + "}" * (depth + 2)
    if opening == "ofType{":
        assert codes_of(query) <= {"QUERY_TOO_COMPLEX", "BAD_USER_INPUT"}
        return
    with suppress(RequestRefused):
        assert is_served(query)


@pytest.mark.parametrize("depth", [50, 200, 400, 900])
def test_deeply_nested_argument_is_refused(depth: int) -> None:
    value = "[" * depth + "]" * depth
    assert codes_of(f"{{getProducts(first: {value}){{totalCount}}}}")


@pytest.mark.parametrize("query", ["{", "}", "nope", "{a", "query", "#", "\x00", "{a(b:)}"])
def test_text_that_is_not_a_document_is_bad_input(query: str) -> None:
    assert codes_of(query) == {"BAD_USER_INPUT"}


def test_services_are_asked_once_in_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[None]()

    def check_services() -> Health:
        asked.append(None)
        return Health(status="healthy", services={})

    monkeypatch.setattr("tidings.monitoring.health.check_services", check_services)
    assert is_served("{" + "".join(f"a{n}:getServiceHealth{{status}}" for n in range(50)) + "}")
    assert len(asked) == 1
