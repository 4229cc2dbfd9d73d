"""The commands of the pages do what the pages say, on the running stack."""

import pytest

from bootstrap import ROOT
from tests.page_shell import environment_of, names_of, run
from tests.pages import RUN_ON_THE_STACK, commands_of
from tests.settings import stack_under_test


@pytest.mark.parametrize("pages", RUN_ON_THE_STACK, ids=" ".join)
def test_commands_of_pages(pages: tuple[str, ...]) -> None:
    stack = stack_under_test()
    run(
        [command for page in pages for command in commands_of(page)],
        folder=ROOT,
        environment=environment_of(stack.name),
        instead=names_of(stack),
    )
