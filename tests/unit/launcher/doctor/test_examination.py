"""A stack that never started, one that does not run, and the lines of the output."""

import json
from pathlib import Path

import pytest

from tests.contract.project import ROOT
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating import commands
from tidings_local.launcher.operating.doctor import examination
from tidings_local.launcher.operating.doctor.examination import (
    CHECKS,
    Diagnosis,
    as_json,
    as_line,
    examine,
)
from tidings_local.launcher.operating.doctor.finding import (
    CannotCheckError,
    Finding,
    Level,
    Section,
    bad,
    ok,
    warn,
)
from tidings_local.launcher.operating.doctor.installation import Installation
from tidings_local.launcher.running.credentials import load_or_make
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import Settings

NEED_NO_STACK = {
    "certificate", "python", "programs", "node", "disk", "memory", "variables", "ports",
    "other stacks", "code", "services", "clocks",
}  # fmt: skip


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack("some", tmp_path / "stacks" / "some", Ports(43210))


def test_stack_that_never_started_is_checked_and_stays_untouched(stack: Stack) -> None:
    found = {each.check: each.finding for each in examine(Installation(stack, Settings()))}
    assert found.keys() == CHECKS.keys()
    assert (found["services"].level, found["services"].do) == (Level.WARN, "make up")
    left_out = {name for name, each in found.items() if each.found.startswith("not checked")}
    assert left_out == CHECKS.keys() - NEED_NO_STACK
    assert "never started" in found["outboxes"].found or "does not run" in found["outboxes"].found
    assert not stack.folder.exists()


def test_stopped_stack_says_what_was_not_checked(stack: Stack) -> None:
    stack.make_folders()
    load_or_make(stack.folder)
    before = sorted(stack.folder.rglob("*"))
    found = {each.check: each.finding for each in examine(Installation(stack, Settings()))}
    assert found["topology"].found == "not checked: the stack some does not run"
    assert found["services"].found == "the stack some does not run"
    assert sorted(stack.folder.rglob("*")) == before


def test_check_that_cannot_be_made_does_not_stop_the_others(stack: Stack) -> None:
    def away(_: Installation) -> Finding:
        raise CannotCheckError("MongoDB does not answer")

    def refused(_: Installation) -> Finding:
        raise LauncherError("rabbitmq-server missing", hint="install it")

    checks = {"a": away, "b": refused, "c": lambda _: ok("fine")}
    found = list(examine(Installation(stack, Settings()), checks))
    assert [each.finding.level for each in found] == [Level.SKIPPED, Level.BAD, Level.OK]
    assert found[0].finding.found == "not checked: MongoDB does not answer"
    assert found[1].finding.found == "rabbitmq-server missing: install it"


BAD = Diagnosis(
    "outboxes", bad("events wait", "make run-rule RULE=outbox-relay", Section.OUTBOX_IS_LATE)
)


def test_line_has_level_check_finding_command_and_section() -> None:
    assert as_line(BAD, colour=False) == (
        "bad      outboxes         events wait -> make run-rule RULE=outbox-relay;"
        " docs/runbook.md#outboxislate"
    )
    assert as_line(Diagnosis("cache", ok("it answers")), colour=True).startswith("\033[32mok")


def test_json_has_the_same() -> None:
    assert json.loads(as_json(BAD)) == {
        "check": "outboxes",
        "level": "bad",
        "found": "events wait",
        "do": "make run-rule RULE=outbox-relay",
        "runbook": "docs/runbook.md#outboxislate",
    }
    assert json.loads(as_json(Diagnosis("cache", ok("it answers")))).keys() == {
        "check", "level", "found",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("finding", "status"), [(ok("fine"), 0), (warn("hm", "do"), 0), (bad("oh", "do"), 1)]
)
def test_status_says_whether_something_is_bad(
    finding: Finding,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [Diagnosis("cache", finding), Diagnosis("disk", ok("enough"))]
    monkeypatch.setattr(examination, "examine", lambda _: found)
    monkeypatch.setattr(commands, "find_stack", lambda _: Stack("some", tmp_path, Ports(43210)))
    assert commands.doctor() == status
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["check"] for each in lines] == ["cache", "disk"]


def test_page_describes_every_check() -> None:
    page = (ROOT / "docs" / "doctor.md").read_text()
    described = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert [name for name in described if name in CHECKS] == list(CHECKS)
