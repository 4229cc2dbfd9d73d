"""SAM builds once for each structure; an interrupted build leaves nothing."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tidings_local.launcher.deploying import build as building
from tidings_local.launcher.deploying.build import KEPT_BUILDS, build, sam_environment
from tidings_local.launcher.errors import LauncherError

SAM = """#!/bin/sh
echo "$*" >> "{calls}"
while [ "$1" != --build-dir ]; do shift; done
mkdir -p "$2"
echo built > "$2/template.yaml"
{more}
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    monkeypatch.setattr(building, "STATE", folder)
    monkeypatch.setattr("tidings_local.launcher.deploying.graphiql.fetch", lambda _: None)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    (folder / "layers" / "dependencies").mkdir(parents=True)
    (folder / "functions").mkdir()
    (folder / "template.yaml").write_text("Resources: {}\n")
    return folder


@pytest.fixture
def calls(state: Path) -> Path:
    return state / "calls"


@pytest.fixture
def use_sam(
    state: Path, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    program = tmp_path / "sam"
    monkeypatch.setattr(building, "sam", lambda: program)

    def use(more: str = "") -> None:
        program.write_text(SAM.format(calls=calls, more=more))
        program.chmod(0o755)

    use()
    return use


def count(calls: Path) -> int:
    return len(calls.read_text().splitlines()) if calls.exists() else 0


def test_same_structure_is_built_once(root: Path, calls: Path, use_sam: object) -> None:
    first = build(root)
    assert first.read_text() == "built\n"
    (root / "functions" / "new.py").write_text("'code is taken from the working tree'")
    assert build(root) == first
    assert count(calls) == 1


@pytest.mark.parametrize("changed", ["template.yaml", "layers/dependencies/requirements.txt"])
def test_other_structure_gets_another_build(
    root: Path, calls: Path, use_sam: object, changed: str
) -> None:
    first = build(root)
    (root / changed).write_text("# another\n")
    assert build(root) != first
    assert first.is_file()
    assert count(calls) == 2


def test_previous_structure_is_still_built(root: Path, calls: Path, use_sam: object) -> None:
    first = build(root)
    (root / "template.yaml").write_text("# another\n")
    build(root)
    (root / "template.yaml").write_text("Resources: {}\n")
    assert build(root) == first
    assert count(calls) == 2


def test_structure_that_changes_during_the_build_is_built_again(
    root: Path, calls: Path, use_sam: Callable[[str], None]
) -> None:
    template = root / "template.yaml"
    use_sam(f"echo '# edited' > '{template}'; cp '{template}' \"$2/template.yaml\"")
    edited = build(root)
    assert edited.read_text() == "# edited\n"
    assert count(calls) == 2
    use_sam("")
    template.write_text("Resources: {}\n")
    assert build(root) != edited
    assert count(calls) == 3, "a build of the edited file was kept under another structure"


def test_old_builds_are_removed_and_recently_used_ones_stay(root: Path, use_sam: object) -> None:
    first = build(root)
    made = []
    for number in range(KEPT_BUILDS):
        (root / "template.yaml").write_text(f"# {number}\n")
        made.append(build(root))
        os.utime(made[-1].parent, (1_000 + number, 1_000 + number))
        (root / "template.yaml").write_text("Resources: {}\n")
        assert build(root) == first  # used again
    assert first.is_file()
    assert [each.is_file() for each in made] == [False, *[True] * (KEPT_BUILDS - 1)]


def test_failed_build_is_reported_with_its_log_and_retried(
    root: Path, state: Path, calls: Path, use_sam: Callable[[str], None]
) -> None:
    use_sam("echo no such runtime; exit 1")
    for _ in range(2):
        with pytest.raises(LauncherError, match="sam build failed") as told:
            build(root)
        assert "no such runtime" in "\n".join(told.value.lines())
    assert list((state / "build").glob("*.draft")) == []
    use_sam("")
    assert build(root).is_file()
    assert count(calls) == 3


def test_unfinished_build_is_removed(root: Path, state: Path, use_sam: object) -> None:
    left = state / "build" / "0123456789abcdef.draft"
    left.mkdir(parents=True)
    build(root)
    assert not left.exists()


def test_missing_template_is_reported_before_any_download(
    root: Path, use_sam: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "template.yaml").unlink()
    monkeypatch.setattr(
        "tidings_local.launcher.deploying.graphiql.fetch", lambda _: pytest.fail("fetched")
    )
    with pytest.raises(LauncherError, match="no template"):
        build(root)


def test_sam_gets_no_aws_account_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    environment = sam_environment()
    assert "AWS_PROFILE" not in environment
    assert environment["AWS_ACCESS_KEY_ID"] == "000000000000"
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["SAM_CLI_TELEMETRY"] == "0"
