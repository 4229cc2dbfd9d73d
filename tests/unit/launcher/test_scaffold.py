"""The arguments of `make new-...` reach the generators."""

from infra.scaffold.new import kinds
from tidings_local.launcher.developing.scaffold import ARGUMENTS, words_of
from tidings_local.launcher.settings import Options


def test_launcher_and_generators_know_the_same_arguments() -> None:
    taken = {name: (*kind.required, *kind.optional) for name, kind in kinds().items()}
    assert taken == ARGUMENTS


def test_given_arguments_are_passed() -> None:
    options = Options(domain="tasks", name="archive_tasks", schedule="rate(1 day)", file="x.csv")
    words = ["name=archive_tasks", "domain=tasks", "schedule=rate(1 day)"]
    assert words_of("rule", options) == words


def test_missing_arguments_are_left_out() -> None:
    assert words_of("operation", Options(name="get_task", reads=True)) == [
        "name=get_task",
        "reads=True",
    ]
