"""The requests of infra/requests, sent by Bruno's and httpYac's own programs to the running stack.

`npm install` of the two takes 40 seconds and 350 MB, so `make test` does not do it.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from bootstrap import ROOT, STATE
from tests.e2e.aws import invoke
from tests.settings import stack_under_test

PROGRAMS: Final = STATE / "npm/node_modules/.bin"
REQUESTS: Final = ROOT / "infra/requests"
WAYS: Final = ("operator", "customer", "service")
LIMIT_SECONDS: Final = 300

pytestmark = pytest.mark.skipif(
    not (PROGRAMS / "bru").exists(), reason="no programs: make test-requests installs them"
)


@pytest.fixture(scope="module")
def variables() -> dict[str, str]:
    """Return the values that a person would enter."""
    run = uuid4().hex
    password = f"correct horse {run}"
    invoke("tidings-create-admin", {"email": f"admin-{run}@example.com", "password": password})
    service = invoke("tidings-create-service", {"name": "Packing station"})
    return {
        "baseUrl": stack_under_test().api_url,
        "customerPassword": password,
        "adminEmail": f"admin-{run}@example.com",
        "adminPassword": password,
        "clientId": service["client_id"],
        "clientSecret": service["client_secret"],
    }


def run_bruno(folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAMS / "bru"), "run", *WAYS, "--env=laptop"]
    command += [f"--cacert={stack_under_test().ca_file}"]
    for name, value in variables.items():
        command += ["--env-var", f"{name}={value}"]
    return run(command, folder)


def run_httpyac(folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAMS / "httpyac"), "send", *(f"{way}.http" for way in WAYS)]
    command += ["--all", "--env=laptop", "--output=none", "--output-failed=short", "--var"]
    return run([*command, *(f"{name}={value}" for name, value in variables.items())], folder)


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"NODE_EXTRA_CA_CERTS": stack_under_test().ca_file}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )


def a_customer(variables: dict[str, str]) -> dict[str, str]:
    return variables | {"customerEmail": f"ada-{uuid4().hex}@example.com"}


def requests() -> int:
    return sum(1 for file in (REQUESTS / "bruno").rglob("[0-9]*.bru"))


def test_bruno_runs_every_request(variables: dict[str, str]) -> None:
    done = run_bruno(REQUESTS / "bruno", a_customer(variables))
    assert done.returncode == 0, done.stdout
    assert f"{requests()} ({requests()} Passed)" in done.stdout


def test_httpyac_runs_every_request(variables: dict[str, str]) -> None:
    done = run_httpyac(REQUESTS / "http", a_customer(variables))
    assert done.returncode == 0, done.stdout
    assert f"{requests()} requests processed ({requests()} succeeded)" in done.stdout


def test_wrong_answers_are_failures(variables: dict[str, str], tmp_path: Path) -> None:
    """Both programs check the status of each answer and what is in it."""
    folder = shutil.copytree(REQUESTS, tmp_path / "requests")
    for file in (
        folder / "bruno/service/01-start_service_session.bru",
        folder / "http/service.http",
    ):
        text = file.read_text()
        file.write_text(
            text.replace("success: eq true", "success: eq false").replace(
                "success == true", "success == false"
            )
        )
    bruno = run_bruno(folder / "bruno", a_customer(variables))
    httpyac = run_httpyac(folder / "http", a_customer(variables))
    assert (bruno.returncode, httpyac.returncode) != (0, 0)
    assert bruno.returncode, bruno.stdout
    assert httpyac.returncode, httpyac.stdout
    assert f"{requests() - 1} Passed, 1 Failed" in bruno.stdout
