"""GraphQL documents and variables (JSON, after a zero byte): within the limits, or refused."""

import json

from executable import SCHEMA_FILE
from execution import (
    GraphQLRequest,
    RequestRefused,
    _check_size,
    _document,
    format_error,
)
from graphql import build_schema, execute_sync, get_operation_ast
from pydantic import ValidationError

# It has no resolvers: every field is null, and no service is called.
EMPTY = build_schema(SCHEMA_FILE.read_text())

TAKEN = [
    b"{me{id email}}",
    b"query($n: Int = 5){getProducts(first: $n){edges{node{sku ...P}}}}"
    b" fragment P on Product{title}",
    b'query Q($id: ID!){getOrder(id: $id){state}}\0{"id": "6b0152a6f6b097fd8ed20a9b"}',
    b'mutation{login(input:{email:"a@b.example",password:"x"}){accessToken}}',
    b"{__schema{types{name fields{name type{name ofType{name}}}}}}",
    b"{getTasks(first: 3) @include(if: true){pageInfo{hasNextPage}}}",
]
REFUSED = [
    *(b"", b"{", b"{nobody}", b"query A{me{email}} query B{me{email}}", b"{" * 3_000),
    *(b"{me{email}}\0[]", b'{me{email}}\0{"x": "\\ud800"}', b"fragment A on User{...A}"),
    b"{me{...A}} fragment A on User{...B} fragment B on User{...A}",
    b"{" + b" ".join(b"a%d:me{email}" % number for number in range(60)) + b"}",
]
WORDS = [
    *("query ", "mutation ", "subscription ", "fragment ", " on ", "...", "@include(if: true)"),
    *("@skip(if: $n)", "__typename", "__schema", "__type(name:", "ofType", "first:", "after:"),
    *("edges", "node", "getOrders", "getProducts", "items", "product", "customer", "$n", ": Int!"),
    *('"""', '"\\u{', "\\uD800", "[ID!]", "null", "true", "1e999", "-0", "#", "\ufeff", "{", "}"),
]


def check(data: bytes) -> bool:
    query, _, variables = data.partition(b"\0")
    try:
        said = {"query": query.decode(), "variables": json.loads(variables or b"null")}
        request = GraphQLRequest.model_validate(said)
    except (ValueError, RecursionError, ValidationError):
        return False
    try:
        document = _document(request)
        operation = get_operation_ast(document)
        if operation is None:
            return False
        _check_size(request, document, operation, None)
    except RequestRefused as refused:
        errors = refused.errors
        assert errors
    else:
        errors = execute_sync(EMPTY, document, variable_values=request.variables).errors or []
    json.dumps([format_error(error) for error in errors], ensure_ascii=False).encode()
    return not any(error.path is None for error in errors)
