from tidings_local.launcher.settings import Options
from tidings_local.launcher.testing import SIDE_BY_SIDE, pytest_arguments


def test_all_tests_are_two_runs_of_which_one_is_side_by_side() -> None:
    beside, after = pytest_arguments(Options())
    assert set(SIDE_BY_SIDE) < set(beside)
    assert {f"--ignore={folder}" for folder in SIDE_BY_SIDE} < set(after)


def test_a_part_of_the_tests_is_one_run() -> None:
    assert pytest_arguments(Options(t="tests/unit", pytest="-k name")) == [
        ["-k", "name", "tests/unit"]
    ]
