"""The tutorial's commands write code that passes the tests that it shows."""

from pathlib import Path

from tests.settings import stack_under_test
from tests.tutorial import before_the_deployment, copy_of_the_clone, follow


def test_tutorial_writes_a_feature(tmp_path: Path) -> None:
    follow(before_the_deployment(), copy_of_the_clone(tmp_path), stack_under_test().name)
