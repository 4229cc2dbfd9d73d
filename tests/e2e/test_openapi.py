"""The running API is what its OpenAPI document says, whoever asks."""

import pytest

from tests.e2e.shop import Shop
from tests.openapi_client import complaints
from tests.settings import stack_under_test

SECONDS = 15


@pytest.mark.parametrize(
    "who", ["shop", "customer", "admin"], ids=["stranger", "customer", "admin"]
)
def test_schema_driven_tester_finds_nothing(who: str, request: pytest.FixtureRequest) -> None:
    caller: Shop = request.getfixturevalue(who)
    stack = stack_under_test()
    said = complaints(stack.api_url, token=caller.token, seconds=SECONDS, ca_file=stack.ca_file)
    assert said is None, said
