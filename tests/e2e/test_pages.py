"""The commands of the pages do what the pages say, on the running stack."""

import os
from secrets import token_hex

import pytest

from bootstrap import ROOT
from tests.page_shell import environment_of, run
from tests.pages import RUN_ON_THE_STACK, commands_of
from tests.settings import stack_under_test


@pytest.mark.parametrize("page", RUN_ON_THE_STACK)
def test_commands_of_page(page: str) -> None:
    stack, own = stack_under_test(), token_hex(4)
    instead = {
        "https://localhost:4566/_aws/execute-api/tidings/local": stack.api_url,
        "$PWD/.tidings/stacks/local/localhost.pem.crt": stack.ca_file,
        "http://localhost:4566": os.environ["AWS_ENDPOINT_URL"],
        # The names on the pages would be taken by the last run, or by another test.
        "@example.com": f"@{own}.example.com",
        "MUG-BLUE": f"MUG-{own}",
    }
    run(commands_of(page), folder=ROOT, environment=environment_of(stack.name), instead=instead)
