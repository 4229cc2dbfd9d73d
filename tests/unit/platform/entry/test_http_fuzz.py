"""A REST endpoint answers any request, and never with 500."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.platform.builders import CONTEXT
from tidings.orders.schemas import PlaceOrder
from tidings.platform.entry.answers import Reply
from tidings.platform.entry.http import EndpointContract, endpoint
from tidings.platform.entry.requests import Request
from tidings.platform.operation import PUBLIC
from tidings.platform.storage.pagination import PageRequest
from tidings.products.schemas import CreateProduct
from tidings.users.schemas import RegisterUser

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
FIELDS = st.sampled_from(
    ["email", "password", "name", "sku", "title", "price", "amount", "currency", "stock", "items"]
)
FORMS = st.dictionaries(FIELDS, VALUES, max_size=6)
BODIES = st.none() | st.text() | st.builds(json.dumps, VALUES | FORMS)
HEADERS = st.none() | st.dictionaries(
    st.sampled_from(["X-Correlation-Id", "Content-Type", "Accept", "Authorization"]) | st.text(),
    st.text() | st.none(),
    max_size=4,
)
PARAMETERS = st.none() | st.dictionaries(
    st.sampled_from(["limit", "page", "after"]) | st.text(), st.text(), max_size=4
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "headers": HEADERS,
        "body": BODIES,
        "isBase64Encoded": st.booleans(),
        "pathParameters": PARAMETERS,
        "queryStringParameters": PARAMETERS,
    },
)


def echo(request: Request[Any, PageRequest]) -> Reply:
    return Reply({"page": request.query.page, "body": request.body})


ENDPOINTS = [endpoint(EndpointContract(role=PUBLIC, query=PageRequest))(echo)] + [
    endpoint(EndpointContract(role=PUBLIC, body=model, query=PageRequest))(echo)
    for model in (RegisterUser, CreateProduct, PlaceOrder)
]


@given(st.sampled_from(ENDPOINTS), EVENTS)
def test_endpoint_always_answers(handler: Any, event: dict[str, Any]) -> None:
    response = handler(event, CONTEXT)
    assert response["statusCode"] in {200, 400, 401, 404, 413, 415, 422}
    envelope = json.loads(response["body"].encode())
    assert envelope["success"] == (response["statusCode"] == 200)
    assert response["headers"]["X-Correlation-Id"].isprintable()
