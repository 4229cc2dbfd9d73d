"""Many good and bad deployments in a row; each time the tests check the code that runs.

The tests change a copy of the working tree and deploy it to the stack under test. Each test
continues from the state that the previous one left. Tests that change more than code create the
stack again, which takes half a minute each; `make test-faults` runs them.
"""

import json
import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bootstrap import ROOT
from tests.e2e.aws import client
from tests.faults.working_tree import WorkingTree
from tests.settings import stack_under_test

FUNCTION, FILE = "tidings-get-jwks", "functions/users/get_jwks.py"
OTHER, OTHER_FILE = "tidings-get-metrics", "functions/monitoring/get_metrics.py"
LAYER_FILE = "layers/tidings/tidings/platform/timing/clock.py"
ROUTE = "/api/v1/added-by-test"
GATEWAY_FILE = "gateway/app.py"
ADDED = """
  AddedByTest:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${AWS::StackName}-added-by-test
      Description: A test adds it and takes it away.
      CodeUri: functions/users/
      Handler: added_by_test.handler
      Events:
        Api:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /api/v1/added-by-test, Method: GET}

  # ---------------------------------------------------------------- products
"""
SECTION = "\n  # ---------------------------------------------------------------- products\n"
NO_SUCH_RUNTIME = "Description: A test adds it and takes it away.\n      Runtime: nodejs20.x"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkingTree]:
    yield WorkingTree.copy_to(tmp_path_factory.mktemp("tree"))
    WorkingTree(ROOT).deploy()


def ask(function: str) -> Any:
    """Return a function's answer, or its error."""
    answer = client("lambda").invoke(FunctionName=function, Payload=b"{}")
    return json.loads(answer["Payload"].read() or "null")


def configuration(function: str) -> dict[str, Any]:
    found: dict[str, Any] = client("lambda").get_function_configuration(FunctionName=function)
    return found


def get(path: str) -> int:
    """Return the status of the deployed API for a path."""
    stack = stack_under_test()
    trust = ssl.create_default_context(cafile=stack.ca_file)
    return httpx.get(f"{stack.api_url}{path}", verify=trust, timeout=30).status_code


def names() -> set[str]:
    pages = client("lambda").get_paginator("list_functions").paginate()
    return {function["FunctionName"] for page in pages for function in page["Functions"]}


def answering(value: str) -> str:
    """Return code that makes a function answer with a value."""
    return f"\n\ndef handler(*_: object) -> object:\n    return {value}\n"


def test_a_changed_function_runs_after_the_deployment(tree: WorkingTree) -> None:
    others = configuration(OTHER)["CodeSha256"]
    tree.append(FILE, answering("'one'"))
    assert "building" not in tree.deploy()
    assert ask(FUNCTION) == "one"
    assert configuration(OTHER)["CodeSha256"] == others  # of another domain


def test_a_changed_layer_runs_after_the_deployment(tree: WorkingTree) -> None:
    tree.append(LAYER_FILE, "\nTEST_MARK = 'first'\n")
    tree.append(
        FILE, "\n\nfrom tidings.platform.timing import clock\n" + answering("clock.TEST_MARK")
    )
    tree.deploy()
    assert ask(FUNCTION) == "first"


def test_the_layer_changes_several_times(tree: WorkingTree) -> None:
    for mark in ("second", "third"):
        tree.append(LAYER_FILE, f"\nTEST_MARK = '{mark}'\n")
        tree.deploy()
        assert ask(FUNCTION) == mark
    versions = client("lambda").list_layer_versions(LayerName="TidingsLayer")["LayerVersions"]
    assert len(versions) <= 2  # CloudFormation's version, and the one in use


def test_a_changed_gateway_runs_after_the_deployment(tree: WorkingTree) -> None:
    tree.append(
        GATEWAY_FILE, "\n\ndef app(*_: object) -> object:  # type: ignore\n    return 'new'\n"
    )
    tree.deploy()
    assert ask("tidings-gateway") == "new"


def test_code_that_does_not_compile_is_refused_with_its_place(tree: WorkingTree) -> None:
    kept = (tree.folder / OTHER_FILE).read_text()
    tree.append(OTHER_FILE, "\ndef (\n")
    printed, status = tree.try_to_deploy()
    (tree.folder / OTHER_FILE).write_text(kept)
    assert status == 1
    assert f"{OTHER_FILE}:{kept.count(chr(10)) + 2}: invalid syntax" in printed
    assert ask(FUNCTION) == "third"
    assert ask(OTHER)["statusCode"] == 200


def test_code_that_does_not_import_answers_with_its_error(tree: WorkingTree) -> None:
    kept = (tree.folder / OTHER_FILE).read_text()
    tree.append(OTHER_FILE, "\nimport nowhere_to_be_found\n")
    tree.deploy()
    assert ask(OTHER)["errorType"] == "Runtime.ImportModuleError"
    assert ask(FUNCTION) == "third"
    (tree.folder / OTHER_FILE).write_text(kept)
    tree.deploy()
    assert ask(OTHER)["statusCode"] == 200


@pytest.mark.faults
def test_a_function_is_added(tree: WorkingTree) -> None:
    (tree.folder / "functions/users/added_by_test.py").write_text(
        answering("{'statusCode': 201}").lstrip()
    )
    tree.replace("template.yaml", SECTION, ADDED)
    tree.append(FILE, answering("'beside it'"))
    tree.deploy()
    assert ask("tidings-added-by-test") == {"statusCode": 201}
    assert get(ROUTE) == 201
    assert ask(FUNCTION) == "beside it"


@pytest.mark.faults
def test_a_function_is_renamed(tree: WorkingTree) -> None:
    tree.replace("template.yaml", "StackName}-added-by-test", "StackName}-renamed-by-test")
    tree.deploy()
    assert get(ROUTE) == 201
    assert "tidings-added-by-test" not in names()


@pytest.mark.faults
def test_failed_deployment_leaves_the_previous_one_running(tree: WorkingTree) -> None:
    kept = (tree.folder / "template.yaml").read_text()
    tree.append(FILE, answering("'of the failed deployment'"))
    tree.replace("template.yaml", "Description: A test adds it and takes it away.", NO_SUCH_RUNTIME)
    printed, status = tree.try_to_deploy()
    assert status == 1
    assert printed.splitlines()[-1] == "the deployment failed, and the previous one runs again"
    assert ask(FUNCTION) == "beside it"
    assert get(ROUTE) == 201
    (tree.folder / "template.yaml").write_text(kept)
    tree.append(FILE, answering("'after the failed one'"))
    tree.deploy()
    assert ask(FUNCTION) == "after the failed one"


@pytest.mark.faults
def test_a_function_is_removed(tree: WorkingTree) -> None:
    text = (tree.folder / "template.yaml").read_text()
    start, end = text.index("\n  AddedByTest:"), text.index(SECTION)
    (tree.folder / "template.yaml").write_text(text[:start] + text[end:])
    tree.deploy()
    assert "tidings-renamed-by-test" not in names()
    assert get(ROUTE) in (403, 404)
    assert ask(FUNCTION) == "after the failed one"


@pytest.mark.faults
def test_memory_and_a_rule_change(tree: WorkingTree) -> None:
    tree.replace("template.yaml", "MemorySize: 512", "MemorySize: 640")
    tree.replace("template.yaml", "cron(0 9 * * ? *)", "cron(0 10 * * ? *)")
    tree.deploy()
    assert configuration(FUNCTION)["MemorySize"] == 640
    rules = client("events").list_rules()["Rules"]
    assert "cron(0 10 * * ? *)" in {rule.get("ScheduleExpression") for rule in rules}


def test_two_concurrent_deployments_end_with_the_code_that_both_read(tree: WorkingTree) -> None:
    tree.append(FILE, answering("'both'"))
    both = [tree.start_deploying(), tree.start_deploying()]
    printed = [each.communicate(timeout=300)[0] for each in both]
    assert [each.returncode for each in both] == [0, 0], printed
    assert ask(FUNCTION) == "both"


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(1.5, marks=pytest.mark.faults),
        2.5,
        pytest.param(3.5, marks=pytest.mark.faults),
    ],
)
def test_next_deployment_repairs_a_killed_one(tree: WorkingTree, seconds: float) -> None:
    tree.append(LAYER_FILE, f"\nTEST_MARK = 'killed after {seconds}'\n")
    with tree.start_deploying() as killed:
        time.sleep(seconds)
        killed.kill()
    assert ask(OTHER)["statusCode"] == 200  # on the old code or on the new code
    tree.append(
        FILE, "\n\nfrom tidings.platform.timing import clock\n" + answering("clock.TEST_MARK")
    )
    tree.deploy()
    assert ask(FUNCTION) == f"killed after {seconds}"
