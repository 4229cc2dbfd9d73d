"""The files for contributors name things that exist, and the top level has a known set of names."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

import bootstrap
from tests.contract.project import ROOT, relative
from tidings_local.launcher.developing import lint
from tidings_local.launcher.settings import Settings

TOP_LEVEL: Final = {
    *("functions", "gateway", "events", "layers", "infra", "localstack", "tests", "docs"),
    *("template.yaml", "Makefile", "README.md", "CHANGELOG.md", "pyproject.toml"),
    "samconfig.toml",  # SAM looks for it beside the template
    # Git, GitHub and editors look for these here.
    *(".git", ".gitignore", ".gitattributes", ".github", ".devcontainer"),
    *(".pre-commit-config.yaml", "LICENSE", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md"),
    # The test server runs it.
    ".ci",
}


def is_ignored(name: str) -> bool:
    patterns = (ROOT / ".gitignore").read_text().split()
    return any(fnmatch(name, pattern.strip("/")) for pattern in patterns)


def test_top_level_has_known_names_only() -> None:
    found = {path.name for path in ROOT.iterdir() if not is_ignored(path.name)}
    assert found - TOP_LEVEL == set()


# ---------------------------------------------------------------- git and editors


def hooks() -> list[dict[str, Any]]:
    content = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    return [hook for repository in content["repos"] for hook in repository["hooks"]]


def test_hooks_run_what_make_lint_runs() -> None:
    commands = {" ".join(command) for command in lint.checks().values()} | {"make lint"}
    for hook in hooks():
        entry = hook["entry"]
        assert entry.replace(".tidings/venvs", str(bootstrap.VENVS)) in commands, entry
        assert hook["pass_filenames"] is False
        assert hook["language"] == "system"  # no version beside that of the requirements


def test_a_push_runs_all_of_make_lint() -> None:
    pushed = [hook["entry"] for hook in hooks() if "pre-push" in hook["stages"]]
    assert pushed == ["make lint"]


def test_dev_container_has_the_projects_python_and_port() -> None:
    content = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    project = (ROOT / "localstack/pyproject.toml").read_text()
    python = re.search(r'requires-python = ">=([\d.]+)"', project)
    assert python
    assert f":{python[1]}-bookworm" in content["image"]
    assert content["forwardPorts"] == [Settings.model_fields["port_base"].default]
    assert content["postStartCommand"] == "make up"
    assert content["remoteUser"] == "root"  # `make up` installs Debian's packages


# ------------------------------------------------------------------------- GitHub

FORMS: Final = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"))


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_issue_form_asks_for_something(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    assert {"name", "description", "labels", "body"} == set(form)
    asked = [each for each in form["body"] if each["type"] != "markdown"]
    assert len({each["id"] for each in asked}) == len(asked) > 0
    assert all(each["attributes"]["label"] for each in asked)
    assert {each["type"] for each in asked} <= {"input", "textarea", "dropdown", "checkboxes"}
    assert any(each.get("validations", {}).get("required") for each in asked)


def test_code_owners_own_something() -> None:
    lines = (ROOT / ".github/CODEOWNERS").read_text().splitlines()
    owned = [line.lstrip("# ").split()[0] for line in lines if re.match(r"#? ?[/*]", line)]
    assert len(owned) > 5
    assert [path for path in owned if not list(ROOT.glob(path.strip("/")))] == []


# ------------------------------------------------------------------------- targets

TARGETS: Final = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
NAMING: Final = sorted(
    path
    for path in [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / ".github").rglob("*.*"),
        *(ROOT / ".devcontainer").rglob("*.*"),
        ROOT / ".pre-commit-config.yaml",
    ]
    if path.is_file()
)


SHELL: Final = re.compile(r"^```sh\n(.*?)^```$|`(make .*?)`", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", NAMING, ids=relative)
def test_named_make_targets_exist(path: Path) -> None:
    text = path.read_text()
    if path.suffix == ".md":
        text = "\n".join(block or inline for block, inline in SHELL.findall(text))
    assert set(re.findall(r"\bmake (?:-s )?([a-z-]+)", text)) - TARGETS == set()
