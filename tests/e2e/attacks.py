"""Malicious requests, as bytes, that were tried against the API. None may have an effect."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

JSON: Final = "application/json"


@dataclass(frozen=True)
class Attack:
    """A request body, and the statuses with which it may be refused."""

    content: bytes
    statuses: frozenset[int]
    content_type: str | None = JSON
    headers: dict[str, str] = field(default_factory=dict)


def _of_another_kind(content_type: str | None) -> Attack:
    return Attack(b'{"email": "a@b.example"}', frozenset({415}), content_type)


def _malformed(content: bytes | str) -> Attack:
    raw = content.encode() if isinstance(content, str) else content
    return Attack(raw, frozenset({400, 413}))


KINDS: Final = {
    "text/plain": _of_another_kind("text/plain"),
    "text/plain in disguise": _of_another_kind("text/plain; application/json"),
    "two kinds": _of_another_kind("application/json, text/plain"),
    "any kind": _of_another_kind("*/*"),
    "form": _of_another_kind("application/x-www-form-urlencoded"),
    "multipart": _of_another_kind("multipart/form-data; boundary=x"),
    "no kind": _of_another_kind(None),
    "UTF-16 by its charset": _of_another_kind("application/json; charset=utf-16"),
    "long kind": _of_another_kind("x" * 4_000),
}
BODIES: Final = {
    "digits": _malformed('{"a": ' + "9" * 15_000 + "}"),
    "digits of a fraction": _malformed('{"a": 1.' + "9" * 15_000 + "}"),
    "exponent": _malformed('{"a": 1e400}'),
    "huge exponent": _malformed('{"a": 1e' + "9" * 4_000 + "}"),
    "NaN": _malformed('{"a": NaN}'),
    "Infinity": _malformed('{"a": -Infinity}'),
    "nested": _malformed('{"a": ' + "[" * 200 + "]" * 200 + "}"),
    "nested objects": _malformed('{"a":' * 5_000 + "1" + "}" * 5_000),
    "never closed": _malformed("[" * 100_000),
    "a name twice": _malformed('{"email": "a@b.example", "email": "c@d.example"}'),
    "a name twice by an escape": _malformed('{"email": "a", "\\u0065mail": "b"}'),
    "unknown keys": _malformed(json.dumps({f"k{n}": 1 for n in range(15_000)})),
    "long key": _malformed(json.dumps({"k" * 200_000: 1})),
    "long text": _malformed(json.dumps({"email": "x" * 200_000})),
    "too large": _malformed(json.dumps({"email": "x" * 400_000})),
    "bad UTF-8": _malformed(b'{"email": "\xff\xfe"}'),
    "UTF-16": _malformed('{"email": "a"}'.encode("utf-16")),
    "half a surrogate pair": _malformed('{"email": "\\ud800"}'),
    "two documents": _malformed("{} {}"),
    "list": _malformed("[]"),
    "null": _malformed("null"),
    "text": _malformed('"text"'),
    "no JSON": _malformed("nope"),
}


def graphql_body(query: str, **more: Any) -> bytes:
    return json.dumps({"query": query, **more}).encode()


_SPREADS: Final = " ".join(f"...F{n}" for n in range(90))
_FRAGMENTS: Final = " ".join(
    f"fragment F{n} on User{{x:id x:name y:email y:id}}" for n in range(90)
)
PLACE: Final = "mutation($i: PlaceOrderInput!) { placeOrder(input: $i) { id } }"
# Refused, or answered with errors, as fast as any other request.
DOCUMENTS: Final = {
    "equal fields": graphql_body("{me{" + "id " * 400 + "}}"),
    "equal objects": graphql_body("{" + "me{id name} " * 300 + "}"),
    "objects of equal fields": graphql_body("{" + ("me{" + "id " * 10 + "}") * 100 + "}"),
    "fields in conflict": graphql_body("{me{" + "x:id x:name " * 300 + "}}"),
    "arguments in conflict": graphql_body(
        "{" + " ".join(f"getProducts(first:{n}){{totalCount}}" for n in range(200)) + "}"
    ),
    "fragments in conflict": graphql_body("{me{" + _SPREADS + "}} " + _FRAGMENTS),
    "many fragments": graphql_body(
        "{me{id}} " + " ".join(f"fragment F{n} on User{{id}}" for n in range(240))
    ),
    "aliases": graphql_body("{me{" + " ".join(f"a{n}:id" for n in range(600)) + "}}"),
    "directives": graphql_body("{me{id " + "@include(if:true) " * 280 + "}}"),
    "unknown fields": graphql_body("{" + " ".join(f"field{n}" for n in range(900)) + "}"),
    "unknown arguments": graphql_body(
        "{getProducts(" + " ".join(f"a{n}:1" for n in range(600)) + "){totalCount}}"
    ),
    "tokens": graphql_body("{" + "a " * 9_000 + "}"),
    "characters": graphql_body("{" + " " * 100_000 + "}"),
    "nested fields": graphql_body("{" + "me{" * 500 + "id" + "}" * 501),
    "nested lists": graphql_body("{getProducts(first:" + "[" * 900 + "]" * 900 + "){totalCount}}"),
    "digits": graphql_body("{getProducts(first:" + "9" * 15_000 + "){totalCount}}"),
    "exponent": graphql_body("{getProducts(first:1e400){totalCount}}"),
    "digits of a default": graphql_body(
        "query($n:Int=" + "9" * 15_000 + "){getProducts(first:$n){totalCount}}"
    ),
    "unknown keys": graphql_body(PLACE, variables={"i": {f"k{n}": 1 for n in range(4_000)}}),
    "many bad items": graphql_body(PLACE, variables={"i": {"items": [{"x": 1}] * 4_000}}),
    "long text": graphql_body(PLACE, variables={"i": "x" * 60_000}),
    "long name of the operation": graphql_body("{me{id}}", operationName="x" * 200_000),
    "batch": json.dumps([{"query": "{__typename}"}] * 500).encode(),
}
