"""What the doctor knows of the application and of the runbook is there."""

import ast
import re
from pathlib import Path
from typing import Final

import tidings_local.launcher.operating.doctor as doctor
from tests.contract.project import ROOT, parsed, template
from tests.dashboards import alerts
from tidings.monitoring.models import FailedMessage, FailedState
from tidings.monitoring.relay import OUTBOX_DOCUMENTS
from tidings.platform.settings import Settings
from tidings.platform.storage import job_runs
from tidings_local.launcher.commands import COMMANDS
from tidings_local.launcher.operating.doctor import keys, queues, stored
from tidings_local.launcher.operating.doctor.finding import Section
from tidings_local.launcher.operating.doctor.machine import BLOCKS_AT_MB
from tidings_local.topology import load

FILES: Final = sorted(Path(doctor.__path__[0]).glob("*.py"))
RUNBOOK: Final = (ROOT / "docs" / "runbook.md").read_text()


def texts() -> list[str]:
    """Return every text of the doctor's code."""
    return [
        node.value
        for file in FILES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_sections_of_findings_are_in_the_runbook() -> None:
    headings = set(re.findall(r"^##+ (.+)$", RUNBOOK, re.MULTILINE))
    assert {each.value for each in Section} <= headings


def test_every_section_is_named_by_a_check() -> None:
    code = "\n".join(file.read_text() for file in FILES)
    assert [each.name for each in Section if f"Section.{each.name}" not in code] == []


def test_commands_of_findings_exist() -> None:
    named = {name for text in texts() for name in re.findall(r"\bmake ([a-z-]+)", text)}
    assert {"up", "run-rule", "rotate-keys", "declare-topology"} <= named
    assert named <= COMMANDS.keys()


def test_pages_of_findings_exist() -> None:
    pages = {page for text in texts() for page in re.findall(r"docs/[\w-]+\.md", text)}
    assert pages
    assert [page for page in pages if not (ROOT / page).is_file()] == []


def test_collections_and_fields_are_those_of_the_application() -> None:
    prefix = Settings.model_fields["database_prefix"].default
    assert f"{prefix}_" == stored.DATABASE_PREFIX
    for document in (FailedMessage, job_runs.JobRun):
        assert f"{prefix}_{document._meta['db_alias']}" == stored.OPERATIONS
    assert FailedMessage._meta["collection"] == stored.FAILED_MESSAGES
    assert {"state", "queue", "error", "failed_at"} <= FailedMessage._fields.keys()
    assert FailedState.FAILED.value == "failed"
    assert job_runs.JobRun._meta["collection"] == stored.JOB_RUNS
    assert {"repeated_at", "attempts", "leased_until"} <= job_runs.JobRun._fields.keys()
    assert job_runs.ATTEMPTS == stored.JOB_ATTEMPTS


def test_signing_key_is_old_at_the_same_age_everywhere() -> None:
    seconds = keys.ROTATE_DAYS * 86_400
    assert template()["Resources"]["SigningKeyIsOld"]["Properties"]["Threshold"] == seconds
    assert alerts()["SigningKeyIsOld"]["expr"].endswith(f"> {keys.ROTATE_DAYS} * 86400")


def test_outboxes_are_known_by_their_index() -> None:
    for document in OUTBOX_DOCUMENTS:
        indexes = document._meta["index_specs"]
        named = [each for each in indexes if each.get("name") == stored.OUTBOX_INDEX]
        assert [each["fields"] for each in named] == [[(stored.OUTBOX_TIME, 1)]], document


def test_queues_are_those_of_the_topology() -> None:
    assert {queues.FAILED, queues.UNREADABLE} <= load().queues.keys()


def test_rabbitmqs_limit_of_disk_space_is_the_configured_one() -> None:
    file = (ROOT / "infra" / "rabbitmq" / "rabbitmq.conf").read_text()
    assert f"disk_free_limit.absolute = {BLOCKS_AT_MB}MB" in file
