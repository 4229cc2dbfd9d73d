"""The workflows of GitHub name pinned actions, few permissions, and things that exist.

`make lint` checks them by zizmor too, and the pipeline by actionlint.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.contract.project import ROOT
from tidings_local.launcher.developing.lint import checks

WORKFLOWS: Final = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED: Final = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def content(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(path.read_text(), yaml.BaseLoader)
    return loaded


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in content(path)["jobs"].values() for step in job.get("steps", [])]


@each_workflow
def test_actions_are_pinned_by_a_commit_with_its_version(path: Path) -> None:
    lines = [line.strip(" -") for line in path.read_text().splitlines() if "uses: " in line]
    assert lines
    assert [line for line in lines if not PINNED.match(line) and "uses: ./" not in line] == []


def test_an_action_has_one_version() -> None:
    pins = {pin for path in WORKFLOWS for pin in re.findall(r"uses: (\S+@\S+)", path.read_text())}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


@each_workflow
def test_permissions_are_read_only_unless_a_job_has_others(path: Path) -> None:
    assert content(path)["permissions"] in ({"contents": "read"}, "{}", {})


@each_workflow
def test_runs_do_not_overlap(path: Path) -> None:
    assert content(path)["concurrency"]["group"]


@each_workflow
def test_jobs_end(path: Path) -> None:
    for name, job in content(path)["jobs"].items():
        assert "uses" in job or int(job["timeout-minutes"]) <= 90, name


@each_workflow
def test_called_workflows_and_needed_jobs_exist(path: Path) -> None:
    jobs = content(path)["jobs"]
    for job in jobs.values():
        needed = job.get("needs", [])
        assert set([needed] if isinstance(needed, str) else needed) <= set(jobs)
        if "uses" in job:
            assert (ROOT / job["uses"]).is_file()


@each_workflow
def test_sets_of_packages_and_their_programs_exist(path: Path) -> None:
    """A workflow installs a set by `bootstrap.py install` before it runs the set's program."""
    for job in content(path)["jobs"].values():
        text = "\n".join(step.get("run", "") for step in job.get("steps", []))
        installed = set(re.findall(r"bootstrap\.py install (\w+)", text))
        assert set(re.findall(r"\.tidings/venvs/(\w+)/bin/", text)) == installed
        for name in installed:
            assert (ROOT / f"localstack/requirements/{name}.txt").is_file()


@each_workflow
def test_named_files_exist(path: Path) -> None:
    text = "\n".join(step.get("run", "") for step in steps(path))
    named = re.findall(r"\b(?:infra|functions|gateway|events|layers|localstack)/[\w./-]+\w", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


@each_workflow
def test_called_targets_of_make_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+): ##", (ROOT / "Makefile").read_text(), re.M))
    called = re.findall(r"\bmake ([a-z-]+)", "\n".join(step.get("run", "") for step in steps(path)))
    assert set(called) <= targets


def test_release_contains_the_contracts_and_the_client() -> None:
    commands = [step.get("run", "") for step in steps(ROOT / ".github/workflows/release.yml")]
    (create,) = (command for command in commands if command.startswith("gh release create"))
    contracts = {
        *("gateway/schema.graphql", "gateway/persisted_operations.json"),
        *("functions/monitoring/openapi.json", "events/asyncapi.yaml"),
    }
    build = 'make client VERSION="${GITHUB_REF_NAME#v}"'
    assert contracts | {".tidings/client/dist/tidings_client-*.whl"} <= set(create.split())
    assert commands.index(build) < commands.index(create)


def environments() -> list[str]:
    jobs = content(ROOT / ".github/workflows/deploy.yml")["jobs"].values()
    return [job["with"]["environment"] for job in jobs if "with" in job]


def test_each_environment_is_deployed_after_the_one_before() -> None:
    jobs = content(ROOT / ".github/workflows/deploy.yml")["jobs"]
    assert environments() == ["dev", "staging", "prod"]
    assert [job["needs"] for job in jobs.values() if "with" in job] == ["check", "dev", "staging"]


def test_environments_are_those_of_sam() -> None:
    sections = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert set(environments()) == {
        name for name in sections if name != "version" and not name.endswith("-services")
    }
    for name in environments():
        assert (ROOT / f"infra/aws/{name}.txt").is_file()


def test_package_is_built_as_the_page_says() -> None:
    (build,) = (
        step["env"]["PIP_PLATFORM"]
        for step in steps(ROOT / ".github/workflows/ci.yml")
        if "PIP_PLATFORM" in step.get("env", {})
    )
    assert f'PIP_PLATFORM="{build}"' in (ROOT / "docs/deploy-aws.md").read_text()


def test_the_same_checks_run_here_and_there() -> None:
    commands = [step.get("run", "") for step in steps(ROOT / ".github/workflows/ci.yml")]
    assert {"make lint", "make test"} <= set(commands)
    assert "zizmor" in checks()  # `make lint` checks the workflows
