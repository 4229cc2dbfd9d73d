"""`make lint`: every check that needs no running stack, in parallel."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import bootstrap

from .. import progress
from ..deploying.build import sam, sam_environment
from ..settings import ROOT, STATE, inherited_environment

TOOLS = ("dev", "sam", "workflows", "docs", "client")
"""The sets of packages that the checks and the tests need."""

SOURCES = ("layers/tidings", "localstack")
SERVICES = "infra/aws/services.yaml"
LIVE = "infra/aws/live.yaml"
COMPOSE_FILE = "infra/docker-compose.yaml"
DOCKERFILES = ("infra/docker/Dockerfile", "infra/live/Dockerfile")
SITE = STATE / "site"
TYPED = ("layers/tidings", "localstack", "gateway", "functions", "events", "infra", "tests")


def lint() -> bool:
    with ThreadPoolExecutor(2) as threads:
        return all(list(threads.map(_passes, checks().items())))


def checks() -> dict[str, list[str]]:
    """Return the command of each check by its name."""
    tools, checkers = bootstrap.VENVS / "dev" / "bin", bootstrap.VENVS / "workflows" / "bin"
    checks = {
        "ruff format": [str(tools / "ruff"), "format", "--check", "."],
        "ruff check": [str(tools / "ruff"), "check", "."],
        "mypy": [
            str(tools / "mypy"),
            "--cache-dir",
            str(STATE / "mypy"),
            *(name for name in TYPED if (ROOT / name).is_dir()),
        ],
        "import-linter": [str(tools / "lint-imports"), "--no-cache"],
        "zizmor": [str(checkers / "zizmor"), "--offline", ".github"],
        "hadolint": [str(checkers / "hadolint"), *DOCKERFILES],
        "compose schema": [
            str(checkers / "check-jsonschema"),
            *("--builtin-schema", "vendor.compose-spec"),
            COMPOSE_FILE,
        ],
        "links of docs": build_site(),
    }
    if (ROOT / "template.yaml").is_file():
        validate = ["validate", "--lint", "--template", "template.yaml"]
        checks["sam validate"] = [str(sam()), *validate]
    if (ROOT / SERVICES).is_file():
        checks["cfn-lint"] = [str(sam().with_name("cfn-lint")), SERVICES, LIVE]
    return checks


def build_site() -> list[str]:
    """Return the command that builds the site of docs/; a broken link is an error."""
    mkdocs = str(bootstrap.VENVS / "docs" / "bin" / "mkdocs")
    return [mkdocs, "build", "--quiet", "--config-file", "infra/site/mkdocs.yml", "-d", str(SITE)]


def _passes(check: tuple[str, list[str]]) -> bool:
    name, command = check
    environment = sam_environment() if name == "sam validate" else inherited_environment()
    environment["PYTHONPATH"] = os.pathsep.join(str(ROOT / source) for source in SOURCES)
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    progress.step(f"{name}: {'failed' if done.returncode else 'ok'}")
    if done.returncode:
        progress.show((done.stdout + done.stderr).strip())
    return done.returncode == 0
