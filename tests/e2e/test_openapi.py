"""The running API agrees with its OpenAPI document for every kind of caller."""

from dataclasses import replace
from uuid import uuid4

import pytest

from tests.e2e.aws import invoke
from tests.e2e.codes import verify
from tests.e2e.shop import PASSWORD, REGISTER, Shop
from tests.openapi_client import complaints
from tests.settings import stack_under_test

pytestmark = pytest.mark.fuzz
# Examples and edge cases of all operations take most of the time; the rest is generated.
SECONDS = 60
ENDING_SECONDS = 5


@pytest.fixture
def operator(shop: Shop, admin: Shop) -> Shop:
    """Return a client of a new administrator, made from a customer."""
    email = f"operator-{uuid4().hex}@example.com"
    shop.graphql(REGISTER, i={"email": email, "password": PASSWORD, "name": "Operator"})
    user_id = shop.login(email, PASSWORD).user_id
    verify(shop, email, user_id)
    answer = admin.rest("PUT", f"/users/{user_id}/role", {"role": "operator"})
    assert answer.status_code == 200, answer.text
    return shop.login(email, PASSWORD)


@pytest.fixture
def service(shop: Shop) -> Shop:
    """Return a client with the credentials of a service."""
    credentials = invoke("tidings-create-service", {"name": "tester"})
    answer = shop.rest("POST", "/service-sessions", credentials)
    return replace(shop, token=answer.json()["data"]["access_token"])


@pytest.mark.parametrize(
    "who",
    ["shop", "customer", "service", "operator", "admin"],
    ids=["stranger", "customer", "service", "operator", "admin"],
)
def test_schemathesis_finds_no_difference(who: str, request: pytest.FixtureRequest) -> None:
    caller: Shop = request.getfixturevalue(who)
    stack = stack_under_test()
    said = complaints(stack.api_url, token=caller.token, seconds=SECONDS, ca_file=stack.ca_file)
    assert said is None, said


def test_ending_sessions_and_deleting_accounts_is_as_documented(customer: Shop) -> None:
    stack = stack_under_test()
    said = complaints(
        stack.api_url,
        token=customer.token,
        seconds=ENDING_SECONDS,
        ca_file=stack.ca_file,
        ending=True,
    )
    assert said is None, said
