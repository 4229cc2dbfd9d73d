"""`make dev` on the running stack: saved code runs, errors are shown, and its end restores all.

It serves a copy of the working tree, so that no test changes a file that another one runs. It is a
fault test, because all functions of the stack run the copy and no other test may run then.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bootstrap import ROOT
from tests.e2e.aws import client
from tests.faults.make_dev import MakeDev
from tests.waiting import eventually
from tidings_local.runner.dev.overlay import LEASE_SECONDS

FUNCTION, FILE = "tidings-get-jwks", "functions/users/get_jwks.py"
LAYER_FILE = "layers/tidings/tidings/platform/timing/clock.py"


@pytest.fixture(scope="module")
def make_dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeDev]:
    """Run one `make dev` for all tests; each test continues from the state of the previous one."""
    running = MakeDev(tmp_path_factory.mktemp("dev"))
    yield running
    running.kill()


def ask(function: str = FUNCTION) -> Any:
    """Return a function's answer, or its error."""
    answer = client("lambda").invoke(FunctionName=function, Payload=b"{}")
    return json.loads(answer["Payload"].read())


def answering(value: str, before: str = "") -> str:
    return f"{before}\n\ndef handler(*_: object) -> object:\n    return {value}\n"


def test_a_saved_function_runs_at_the_next_call(make_dev: MakeDev) -> None:
    digest = client("lambda").get_function_configuration(FunctionName=FUNCTION)["CodeSha256"]
    for number in (1, 2, 3):
        make_dev.save(FILE, answering(f"'saved {number}'"))
        assert ask() == f"saved {number}"
    found = client("lambda").get_function_configuration(FunctionName=FUNCTION)
    assert found["CodeSha256"] == digest  # nothing was deployed


def test_a_saved_layer_runs_at_the_next_call(make_dev: MakeDev) -> None:
    text = (ROOT / LAYER_FILE).read_text()
    make_dev.save(FILE, answering("clock.MARK", "from tidings.platform.timing import clock"))
    for number in (1, 2):
        make_dev.save(LAYER_FILE, f"{text}\n\nMARK = {number}\n")
        assert ask() == number


def test_output_of_a_function_is_in_the_terminal(make_dev: MakeDev) -> None:
    make_dev.save(FILE, answering("print('seen by nobody else')"))
    ask()
    make_dev.wait_to_read("  seen by nobody else\n")
    assert " get-jwks  " in make_dev.terminal


def test_file_that_does_not_compile_is_reported_at_once_and_answers_with_its_error(
    make_dev: MakeDev,
) -> None:
    make_dev.save(FILE, "def (:\n")
    make_dev.wait_to_read(f"{FILE}:1: invalid syntax")
    assert ask()["errorType"] == "Runtime.UserCodeSyntaxError"


def test_file_that_does_not_import_is_reported_before_a_call_and_answers_with_its_error(
    make_dev: MakeDev,
) -> None:
    make_dev.save(FILE, "import nowhere_to_be_found\n")
    make_dev.wait_to_read("get_jwks cannot be imported")
    make_dev.wait_to_read("No module named 'nowhere_to_be_found'")
    assert ask()["errorType"] == "Runtime.ImportModuleError"


def test_corrected_file_runs(make_dev: MakeDev) -> None:
    make_dev.save(FILE, answering("'mended'"))
    assert ask() == "mended"


def test_a_second_make_dev_is_refused(make_dev: MakeDev, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="another make dev serves this stack"):
        MakeDev(tmp_path)


def test_after_ctrl_c_the_deployed_code_runs(make_dev: MakeDev) -> None:
    assert make_dev.end() == 0
    assert (
        "the deployed code runs again: `make deploy` brings what you changed" in make_dev.terminal
    )
    assert ask()["statusCode"] == 200


@pytest.mark.faults
def test_killed_make_dev_leaves_nothing(tmp_path: Path) -> None:
    running = MakeDev(tmp_path)
    running.save(FILE, answering("'of a killed one'"))
    assert ask() == "of a killed one"
    running.kill()
    eventually(lambda: ask() != "of a killed one", seconds=2 * LEASE_SECONDS)
