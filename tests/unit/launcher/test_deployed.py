"""The last deployment can be restored, also after a kill while it was being saved."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.unit.lambda_host.test_packages import zipped
from tidings_local.launcher.deploying.archives import Archive
from tidings_local.launcher.deploying.deployed import Deployed, load_deployed, save_deployed
from tidings_local.launcher.deploying.deployed_code import Code
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    found = Stack("local", tmp_path / "stack", Ports(41000))
    found.make_folders()
    return found


def code(text: str) -> Code:
    archive = Archive(zipped({"app.py": text}))
    return Code({"tidings-one": archive}, {"OurLayer": archive})


def a_build(folder: Path, text: str) -> Path:
    (folder / "One").mkdir(parents=True)
    (folder / "One" / "app.py").write_text(text)
    (folder / "template.yaml").write_text(f"# {text}\n")
    return folder / "template.yaml"


def test_nothing_was_deployed(stack: Stack) -> None:
    assert load_deployed(stack) is None


def test_template_artifacts_and_code_are_restored(stack: Stack, tmp_path: Path) -> None:
    save_deployed(stack, Deployed(a_build(tmp_path / "build", "one"), code("one")))
    shutil.rmtree(tmp_path / "build")  # as a later build does
    found = load_deployed(stack)
    assert found is not None
    assert found.code == code("one")
    assert found.template.read_text() == "# one\n"
    assert (found.template.parent / "One" / "app.py").read_text() == "one"


def test_the_latest_deployment_is_restored(stack: Stack, tmp_path: Path) -> None:
    for text in ("one", "two"):
        save_deployed(stack, Deployed(a_build(tmp_path / text, text), code(text)))
    found = load_deployed(stack)
    assert found is not None
    assert (found.template.read_text(), found.code) == ("# two\n", code("two"))


def test_changed_code_is_kept_with_the_build_before_it(stack: Stack, tmp_path: Path) -> None:
    save_deployed(stack, Deployed(a_build(tmp_path / "build", "one"), code("one")))
    before = load_deployed(stack)
    assert before is not None
    save_deployed(stack, Deployed(before.template, code("two")))
    assert load_deployed(stack) == Deployed(before.template, code("two"))


def test_unfinished_save_does_not_disturb(stack: Stack, tmp_path: Path) -> None:
    draft = stack.run / "deployed" / "builds" / "new.draft"
    draft.mkdir(parents=True)
    (draft / "template.yaml").write_text("# half")
    assert load_deployed(stack) is None
    save_deployed(stack, Deployed(a_build(tmp_path / "build", "one"), code("one")))
    found = load_deployed(stack)
    assert found is not None
    assert found.template.read_text() == "# one\n"
    assert not draft.exists()


@pytest.mark.parametrize("lost", ["builds/build/template.yaml", "archives", "index.json"])
def test_incomplete_save_is_not_restored(stack: Stack, tmp_path: Path, lost: str) -> None:
    save_deployed(stack, Deployed(a_build(tmp_path / "build", "one"), code("one")))
    path = stack.run / "deployed" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert load_deployed(stack) is None
    save_deployed(stack, Deployed(tmp_path / "build" / "template.yaml", code("one")))
    assert load_deployed(stack) is not None


def test_artifacts_are_linked(stack: Stack, tmp_path: Path) -> None:
    built = a_build(tmp_path / "build", "one")
    save_deployed(stack, Deployed(built, code("one")))
    kept = stack.run / "deployed" / "builds" / "build" / "One" / "app.py"
    assert kept.stat().st_ino == (built.parent / "One" / "app.py").stat().st_ino


STEPS: list[tuple[Any, str]] = [
    *((os, each) for each in ("link", "mkdir", "rmdir", "unlink")),
    *((Path, each) for each in ("write_text", "write_bytes", "rename", "replace", "unlink")),
]


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Interrupt the given change of a file, before it is made; return whether it was reached."""
    made: list[str] = []

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def or_killed(*args: Any, **named: Any) -> Any:
            made.append(change.__name__)
            if len(made) == step:
                raise KeyboardInterrupt
            return change(*args, **named)

        return or_killed

    for owner, name in STEPS:
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    return lambda: len(made) >= step


def test_kill_at_any_step_leaves_the_last_deployment_or_the_new_one(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = {text: a_build(tmp_path / text, text) for text in ("one", "two")}
    ends, reached, step = set(), True, 0
    while reached:
        step += 1
        save_deployed(stack, Deployed(builds["one"], code("one")))
        with monkeypatch.context() as patch:
            was_reached = killed_at(step, patch)
            with suppress(KeyboardInterrupt):
                save_deployed(stack, Deployed(builds["two"], code("two")))
            reached = was_reached()
        found = load_deployed(stack)
        assert found is not None
        text = found.template.read_text()[2:5]
        assert found.code == code(text)
        assert (found.template.parent / "One" / "app.py").read_text() == text
        ends.add(text)
    assert ends == {"one", "two"}


def test_only_the_last_deployment_is_kept(stack: Stack, tmp_path: Path) -> None:
    (stack.run / "deployed" / "code").mkdir(parents=True)  # of an earlier release
    for text in ("one", "two", "three"):
        save_deployed(stack, Deployed(a_build(tmp_path / text, text), code(text)))
    folder = stack.run / "deployed"
    assert {each.name for each in folder.iterdir()} == {"index.json", "builds", "archives"}
    assert [each.name for each in (folder / "builds").iterdir()] == ["three"]
    assert len(list((folder / "archives").iterdir())) == 1
