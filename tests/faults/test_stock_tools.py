"""AWS's own tools on the running stack: runs the commands of docs/stock-tools.md unchanged.

Each test continues from the state of the previous one. A deployment takes half a minute.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap import ROOT
from tests.e2e.aws import client
from tests.faults.test_deployments import (
    ADDED,
    FILE,
    FUNCTION,
    ROUTE,
    SECTION,
    answering,
    ask,
    configuration,
    get,
)
from tests.faults.working_tree import WorkingTree
from tests.pages import commands
from tests.waiting import eventually

pytestmark = pytest.mark.faults

PAGE, DEPLOYING = "stock-tools.md", "sam build, sam deploy"
PAGES_ADDRESS = "http://localhost:4566"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkingTree]:
    """Return a clone after `make up`, which is repaired at the end."""
    tree = WorkingTree.copy_to(tmp_path_factory.mktemp("clone"))
    (tree.folder / ".tidings").symlink_to(ROOT / ".tidings")
    yield tree
    WorkingTree(ROOT).deploy()


def shell(tree: WorkingTree, command: str) -> subprocess.Popen[str]:
    """Start a shell with the commands from the beginning of the page."""
    (first,) = commands(PAGE, "Stock tools on the running stack")
    script = f"set -e\n{first}\n{command}"
    script = script.replace(PAGES_ADDRESS, os.environ["AWS_ENDPOINT_URL"])
    return subprocess.Popen(
        ["bash", "-c", script],
        cwd=tree.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(tree: WorkingTree, command: str, *, seconds: float = 240) -> str:
    """Run a command; return its output.

    Raises:
        AssertionError: it failed.
    """
    with shell(tree, command) as running:
        printed, _ = running.communicate(timeout=seconds)
    assert running.returncode == 0, printed
    return printed


def schedules() -> set[str | None]:
    return {rule.get("ScheduleExpression") for rule in client("events").list_rules()["Rules"]}


def stack_status() -> str:
    found = client("cloudformation").describe_stacks(StackName="tidings")["Stacks"][0]
    return str(found["StackStatus"])


def test_sam_deploy_deploys_code_and_memory_but_no_rule(tree: WorkingTree) -> None:
    tree.append(FILE, answering("'by sam'"))
    tree.replace("template.yaml", "MemorySize: 512", "MemorySize: 640")
    tree.replace("template.yaml", "cron(0 9 * * ? *)", "cron(0 10 * * ? *)")
    run(tree, commands(PAGE, DEPLOYING)[0])
    assert ask(FUNCTION) == "by sam"
    assert configuration(FUNCTION)["MemorySize"] == 640
    assert get("/api/v1/products") == 200
    assert "cron(0 10 * * ? *)" not in schedules()


def test_sam_deploy_changes_one_parameter_and_keeps_the_others(tree: WorkingTree) -> None:
    before = configuration(FUNCTION)["Environment"]["Variables"]
    run(tree, commands(PAGE, DEPLOYING)[1])
    after = configuration(FUNCTION)["Environment"]["Variables"]
    assert after == before | {"POWERTOOLS_LOG_LEVEL": "DEBUG"}


def test_make_deploy_repairs_the_omissions_of_sam_deploy(tree: WorkingTree) -> None:
    tree.deploy()
    assert "cron(0 10 * * ? *)" in schedules()
    assert configuration(FUNCTION)["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] != "DEBUG"
    assert ask(FUNCTION) == "by sam"


def test_make_deploy_repairs_the_api_that_sam_deploy_removed(tree: WorkingTree) -> None:
    (tree.folder / "functions/users/added_by_test.py").write_text(
        answering("{'statusCode': 201}").lstrip()
    )
    tree.replace("template.yaml", SECTION, ADDED)
    with shell(tree, commands(PAGE, DEPLOYING)[0]) as running:
        eventually(lambda: stack_status() == "ROLLBACK_COMPLETE", seconds=120)
        os.killpg(running.pid, 2)
        running.communicate(timeout=30)
    assert get("/api/v1/products") == 404
    tree.deploy()
    assert get("/api/v1/products") == 200
    assert get(ROUTE) == 201


def test_sam_sync_deploys_one_functions_code(tree: WorkingTree) -> None:
    tree.append(FILE, answering("'by sync'"))
    run(tree, commands(PAGE, "sam sync")[0])
    assert ask(FUNCTION) == "by sync"


def test_sam_calls_a_function_and_shows_its_logs(tree: WorkingTree) -> None:
    printed = run(tree, commands(PAGE, "sam remote invoke, sam logs")[0])
    assert '"statusCode": 200' in printed
    assert printed.count("START RequestId: ") >= 2  # of the call, and of the logs


def test_samlocal_deploys(tree: WorkingTree, tmp_path: Path) -> None:
    command = commands(PAGE, "samlocal")[0].replace("/tmp/samlocal", str(tmp_path / "samlocal"))
    tree.append(FILE, answering("'by samlocal'"))
    run(tree, f"sam build\n{command}")
    assert ask(FUNCTION) == "by samlocal"


@pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not installed")
def test_aws_cli_calls_and_stores(tree: WorkingTree) -> None:
    (command,) = commands(PAGE, "AWS CLI")
    version = subprocess.run(["aws", "--version"], capture_output=True, text=True, check=True)
    if version.stdout.startswith("aws-cli/1."):
        command = command.replace("aws logs tail", "echo aws logs tail")
    started = time.monotonic()
    assert '"statusCode": 200' in run(tree, command)
    assert time.monotonic() - started < 60
