"""The sample requests in events/lambda have API Gateway's form, and their functions serve them."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.contract.project import ROOT, routes
from tests.integration.builders import a_product
from tests.integration.gateway.in_process import InProcessApi

CONTEXT = SimpleNamespace(aws_request_id="request-1")
HTTP_SAMPLES = ("gateway", "get_products", "register_user")


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / f"events/lambda/{name}.json").read_text())
    return event


def answer_to(name: str) -> Any:
    """Check the status of the sample's own function, and return the body of its answer."""
    event = sample(name)
    function = routes()[f"{event['httpMethod']} {event['resource']}"]
    answer = function.load()(event, CONTEXT)
    assert answer["statusCode"] in (200, 201), answer["body"]
    assert answer["headers"]["X-Correlation-Id"] == event["headers"]["X-Correlation-Id"]
    return json.loads(answer["body"])


@pytest.mark.parametrize("name", HTTP_SAMPLES)
def test_sample_is_named_after_the_function_of_its_route(name: str) -> None:
    event = sample(name)
    function = routes()[f"{event['httpMethod']} {event['resource']}"]
    assert name in (function.file.stem, function.file.parent.name)


@pytest.mark.parametrize("name", HTTP_SAMPLES)
def test_sample_has_the_fields_that_functions_read(name: str) -> None:
    event, (in_miniature, _) = sample(name), InProcessApi()._event("GET", "/health", None, {})
    assert set(in_miniature) <= set(event)
    assert set(in_miniature["requestContext"]) <= set(event["requestContext"])
    assert {key: [value] for key, value in event["headers"].items()} == event["multiValueHeaders"]


def test_gateway_serves_its_sample() -> None:
    product = a_product(title="Mug", price=990)
    content = answer_to("gateway")
    price = {"amount": 990, "currency": "EUR"}
    assert "errors" not in content, content
    assert content["data"]["getProducts"]["nodes"] == [{"title": product.title, "price": price}]


def test_catalogue_serves_its_sample() -> None:
    product = a_product(categories=["mugs"])
    a_product(categories=["plates"])
    assert [each["id"] for each in answer_to("get_products")["data"]] == [product.id]


def test_registration_serves_its_sample() -> None:
    assert answer_to("register_user")["data"]["email"] == "ada@example.com"
