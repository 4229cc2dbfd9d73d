"""The generators write files that pass the project's checks, or write nothing."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from infra.scaffold.changes import Changes, Refused
from infra.scaffold.consumer import plan_consumer
from infra.scaffold.operation import plan_operation
from infra.scaffold.rule import plan_rule

ROOT: Final = Path(__file__).resolve().parents[3]
FOLDERS: Final = ("docs", "events", "functions", "gateway", "infra", "layers/tidings", "tests")
PATHS: Final = (".", "layers/tidings", "gateway", "functions", "localstack")
FILES: Final = ("template.yaml", "pyproject.toml")

Plan = Callable[[Changes], list[str]]

# Its field extends the type Mutation.
OPERATION: Final = partial(
    plan_operation, domain="campaigns", name="note_campaign", role="operator"
)
QUERY: Final = partial(plan_operation, domain="orders", name="get_order_count", role="customer")
CONSUMER: Final = partial(
    plan_consumer, domain="tasks", name="note_orders", queue="order_notes", event="order.placed"
)
RULE: Final = partial(plan_rule, domain="tasks", name="archive_tasks", schedule="rate(1 day)")
NAMES: Final = ("note_campaign", "get_order_count", "note_orders", "archive_tasks")
CALL_THE_TESTS: Final = f"""
import importlib.util, pathlib, unittest.mock
from tidings.platform.auditing import trail
trail._entries = unittest.mock.Mock()  # no database
for name in {NAMES}:
    (path,) = pathlib.Path("tests/integration").glob(f"*/test_{{name}}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        getattr(module, f"test_{{name}}")()
    except NotImplementedError as error:
        print(error)
"""
CONTRACTS: Final = (
    *("tests/contract/test_template.py", "tests/contract/test_queues.py"),
    *("tests/contract/test_graphql_schema.py", "tests/contract/test_permissions.py"),
    "tests/contract/test_cold_starts.py::test_models_of_domains_are_built_at_their_first_use",
)


def copy_of_the_project(place: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules")
    for each in FOLDERS:
        shutil.copytree(ROOT / each, place / each, ignore=ignored)
    # The contract tests read the third-party layer's folder and the launcher's code.
    shutil.copytree(ROOT / "layers/dependencies", place / "layers/dependencies", ignore=ignored)
    (place / "localstack").symlink_to(ROOT / "localstack")
    for each in FILES:
        shutil.copy(ROOT / each, place / each)
    return place


def python(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=root,
        env={"PYTHONPATH": ":".join(str(root / each) for each in PATHS), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in which each generator ran."""
    root = copy_of_the_project(tmp_path_factory.mktemp("project"))
    for plan in (QUERY, CONSUMER, RULE):
        changes = Changes(root)
        plan(changes)
        changes.write()
    words = ("domain=campaigns", "name=note_campaign", "role=operator")
    done = python(root, "infra/scaffold/new.py", "operation", *words)
    assert done.returncode == 0, done.stderr
    assert "functions/campaigns/note_campaign.py" in done.stdout
    return root


def test_written_files_pass_the_contract_tests(written: Path) -> None:
    words = ("-q", "-p", "no:cacheprovider", "-k", "not route_refuses", *CONTRACTS)
    done = python(written, "-m", "pytest", *words)
    assert done.returncode == 0, done.stdout[-6000:]


def test_written_files_are_clean(written: Path) -> None:
    ruff = str(Path(sys.executable).with_name("ruff"))
    for check in ("check", "format --check"):
        done = subprocess.run(
            [ruff, *check.split(), "--no-cache", "functions", "layers", "tests/integration"],
            cwd=written,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_written_tests_fail_until_they_are_completed(written: Path) -> None:
    done = python(written, "-c", CALL_THE_TESTS)
    assert done.stdout.splitlines() == [f"write what {each} does" for each in NAMES], done.stderr


@pytest.mark.parametrize("plan", [OPERATION, QUERY, CONSUMER, RULE])
def test_a_second_run_is_refused(plan: Plan, written: Path) -> None:
    with pytest.raises(Refused, match="exists already"):
        plan(Changes(written))


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (partial(OPERATION, domain="shops"), "DOMAIN=shops .* campaigns, delivery"),
        (partial(OPERATION, domain="platform"), "DOMAIN=platform"),
        (partial(OPERATION, domain="../orders"), "DOMAIN="),
        (partial(OPERATION, name="NoteOrder"), "NAME=NoteOrder .* small letters"),
        (partial(OPERATION, name="note"), "NAME=note "),
        (partial(OPERATION, name="note_" + "x" * 40), "at most 40"),
        (partial(OPERATION, name="place_order"), "NAME=place_order exists already"),
        (partial(OPERATION, name="get_unread_count"), "has a field getUnreadCount already"),
        (partial(OPERATION, role="service"), "ROLE=service .* public, customer"),
        (partial(OPERATION, route="POST /orders"), "ROUTE="),
        (partial(OPERATION, route="GET /api/v1/orders/{order_id}/note"), "reads"),
        (partial(OPERATION, route="POST /api/v1/orders"), "exists already"),
        (partial(OPERATION, domain="tasks", name="edit_task"), "PATCH .*/{task_id} exists already"),
        (partial(OPERATION, route="PUT /api/v1/orders/{note_id}"), "names {note_id} {order_id}"),
        (partial(OPERATION, route="PUT /api/v1/notes/{number}"), "must end with _id"),
        (partial(OPERATION, returns="NoteView"), "RETURNS=NoteView is not in"),
        (partial(OPERATION, returns="CreateCampaign"), "has no type CreateCampaign"),
        (partial(OPERATION, domain="monitoring"), "ROUTE is missing|RETURNS is missing"),
        (partial(CONSUMER, queue="orders"), "QUEUE=orders exists already"),
        (partial(CONSUMER, queue="Order Notes"), "QUEUE=Order Notes"),
        (partial(CONSUMER, event="order.eaten"), "EVENT=order.eaten .* order.placed"),
        (partial(RULE, schedule="daily"), "SCHEDULE=daily"),
        (partial(RULE, schedule="rate(5 minute)"), "SCHEDULE="),
        (partial(RULE, schedule="cron(0 9 * * *)"), "six fields"),
    ],
)
def test_impossible_request_is_refused(plan: Plan, message: str) -> None:
    with pytest.raises(Refused, match=message):
        plan(Changes(ROOT))


def test_input_and_example_are_beside_those_of_the_domain(written: Path) -> None:
    schema = (written / "gateway/schema.graphql").read_text()
    before, _, after = schema.partition("\ninput NoteCampaignInput {")
    heading, *_ = before[before.rindex("\n# ----") + 1 :].splitlines()
    assert heading.endswith(" campaigns")
    assert after.index("\ninput CampaignAudienceInput {") < after.index("\n# ----")
    examples = (written / "infra/contracts/examples.py").read_text()
    before, _, after = examples.partition('"NoteCampaign": ')
    assert '"CreateCampaign": ' in before
    assert '"RedriveFailedMessages": ' in after


def test_customers_get_their_own_data_only(written: Path) -> None:
    source = (written / "layers/tidings/tidings/orders/queries.py").read_text()
    declared = source[: source.index("def get_order_count(")].rpartition("@operation")[2]
    assert "role=Role.CUSTOMER, whose=Whose.OWN_OR_OPERATOR, writes=False" in declared


def test_missing_arguments_are_named() -> None:
    done = python(ROOT, "infra/scaffold/new.py", "consumer", "domain=tasks", "name=note_orders")
    assert done.returncode == 1
    assert done.stderr.startswith("QUEUE, EVENT missing: make new-consumer DOMAIN=tasks")


def test_failure_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("docs/events.md", "page.txt"):
        (tmp_path / name).write_text("before")
    changes = Changes(tmp_path)
    changes.edit("page.txt", "after")
    changes.create("functions/new.txt", "new")
    spoil = "open('docs/events.md', 'w').write('half'); raise SystemExit('no')"
    with pytest.raises(Refused, match="no"):
        changes.write(then=[["-c", spoil]])
    assert (tmp_path / "page.txt").read_text() == "before"
    assert (tmp_path / "docs/events.md").read_text() == "before"
    assert not (tmp_path / "functions/new.txt").exists()
