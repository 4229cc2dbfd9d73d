"""Our own programs, as processes: the topology, the bridge, SAM's transform."""

import base64
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import yaml

from infra.aws.second_emulator import templates
from infra.aws.second_emulator.emulator import Failed, ended

ROOT: Final = Path(__file__).parents[3]
VENVS: Final = ROOT / ".tidings" / "venvs"
VIRTUAL_HOST: Final = "second-emulator"


def own_broker(url: str) -> str:
    """Return the broker's URL with our own virtual host."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{VIRTUAL_HOST}"))


@contextmanager
def virtual_host(url: str, management: int) -> Iterator[None]:
    """Make our virtual host, and remove it at the end with what is in its queues."""
    parts = urlsplit(url)
    address = f"http://localhost:{management}/api/vhosts/{VIRTUAL_HOST}"
    login = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()

    def ask(method: str) -> None:
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        request = urllib.request.Request(address, method=method, headers=headers)
        urllib.request.urlopen(request, timeout=30).close()

    ask("PUT")
    try:
        yield
    finally:
        ask("DELETE")


def declare_topology(url: str) -> None:
    """Declare the queues of infra/rabbitmq/topology.yaml."""
    run(ours("tidings_local.topology"), TIDINGS_AMQP_URL=url)


@contextmanager
def bridge(
    broker: str, url: str, template: templates.Template, stack: str, folder: Path
) -> Iterator[None]:
    """Run the bridge, which calls the functions by the mappings of the template."""
    file = folder / "mappings.yaml"
    file.write_text(yaml.safe_dump(templates.mappings_of(template, stack)))
    variables = {
        "TIDINGS_AMQP_URL": broker,
        "AWS_ENDPOINT_URL": url,
        "TIDINGS_BRIDGE_PORT": "0",
        "TIDINGS_BRIDGE_MAPPINGS_FILE": str(file),
    }
    with (folder / "bridge.log").open("wb") as log:
        process = subprocess.Popen(
            ours("tidings_local.bridge"),
            cwd=ROOT,
            env=environment(**variables),
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            ended(process)


def ours(module: str) -> list[str]:
    return [str(VENVS / "stack" / "bin" / "python"), "-m", module]


def run(command: list[str], **variables: str) -> bytes:
    """Run a program and return its output.

    Raises:
        Failed: it ended with an error.
    """
    done = subprocess.run(
        command, cwd=ROOT, env=environment(**variables), capture_output=True, check=False
    )
    if done.returncode:
        raise Failed(f"{command[1:3]}: {done.stderr.decode()[-600:]}")
    return done.stdout


def environment(**variables: str) -> dict[str, str]:
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test")
    paths = {"PYTHONPATH": str(ROOT / "localstack"), "AWS_DEFAULT_REGION": "us-east-1"}
    return {**os.environ, **keys, **paths, **variables}
