"""The whole tutorial, after the first hour: its feature is deployed and called.

It deploys a changed template, which takes half a minute, and again to restore the stack.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pika
import pytest

from bootstrap import ROOT
from tests.faults.working_tree import WorkingTree
from tests.page_shell import names_of
from tests.pages import commands_of
from tests.settings import stack_under_test
from tests.tutorial import PAGE, copy_of_the_clone, follow

pytestmark = pytest.mark.faults

QUEUE = "reviews.queue"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    yield copy_of_the_clone(tmp_path)
    WorkingTree(ROOT).deploy()
    with closing(pika.BlockingConnection(pika.URLParameters(stack_under_test().amqp_url))) as open_:
        open_.channel().queue_delete(QUEUE)


def test_tutorial_ends_with_a_deployed_feature(clone: Path) -> None:
    stack = stack_under_test()
    blocks = [*commands_of("docs/start.md"), *commands_of(PAGE)]
    follow(blocks, clone, stack.name, names_of(stack))
