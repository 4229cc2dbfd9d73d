"""MiniStack as a process, and its clients."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.aws.second_emulator import templates

REGION: Final = "us-east-1"
UP_WITHIN_SECONDS: Final = 60
CREATED_WITHIN_SECONDS: Final = 300
UNKNOWN_TYPES: Final = "Unrecognized resource types: ["
# infra/aws/transform.py names this bucket.
ARTIFACTS: Final = "artifacts"


class Failed(Exception):
    """A step did not do what it should; the message says which."""


def client(url: str, service: str) -> Any:
    """Return a client of a service of an emulator."""
    session = botocore.session.get_session()
    session.set_credentials("test", "test")
    config = Config(read_timeout=CREATED_WITHIN_SECONDS, retries={"total_max_attempts": 1})
    return session.create_client(service, region_name=REGION, endpoint_url=url, config=config)


@contextmanager
def ministack(port: int, folder: Path) -> Iterator[str]:
    """Run MiniStack; yield its URL."""
    environment = {
        **os.environ,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "STATE_DIR": str(folder / "state"),
        "TMPDIR": str(folder),
    }
    url = f"http://localhost:{port}"
    with (folder / "ministack.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log
        )
        try:
            wait_for(lambda: fetched(f"{url}/_ministack/health"), UP_WITHIN_SECONDS, "MiniStack")
            yield url
        finally:
            ended(process)


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a process, by force if it does not end itself."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def fetched(url: str) -> Any:
    """Return the JSON at a URL; None if there is no answer."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
    except OSError:
        return None


def wait_for(look: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return the first true result.

    Raises:
        Failed: there was none in time.
    """
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if found := look():
            return found
        time.sleep(0.2)
    raise Failed(f"{what}: nothing within {seconds:.0f} s")


class Created(NamedTuple):
    """A stack, with the part of its template that the emulator knows."""

    template: templates.Template
    unknown: list[str]
    outputs: dict[str, str]


def create(
    url: str, name: str, template: templates.Template, parameters: Mapping[str, str]
) -> Created:
    """Create a stack, without the resources whose types the emulator does not know.

    Raises:
        Failed: it was not created; the message has the resources that failed.
    """
    unknown: list[str] = []
    while True:
        key = f"{name}.json"
        body = json.dumps(template).encode()
        client(url, "s3").put_object(Bucket=ARTIFACTS, Key=key, Body=body)
        try:
            outputs = _create(url, name, f"{url}/{ARTIFACTS}/{key}", parameters)
        except ClientError as error:
            types = _unknown_types(str(error))
            if not types or set(types) <= set(unknown):
                raise Failed(f"{name}: {error}") from error
            unknown += types
            template = templates.without_types(template, types)
        else:
            return Created(template, unknown, outputs)


def _unknown_types(error: str) -> list[str]:
    listed = error.partition(UNKNOWN_TYPES)[2].partition("]")[0]
    return listed.split(", ") if listed else []


def _create(url: str, name: str, address: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Create a stack and wait for it; return its outputs."""
    cloudformation = client(url, "cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    cloudformation.create_stack(
        StackName=name, TemplateURL=address, Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )

    def finished() -> dict[str, Any] | None:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return None if found["StackStatus"].endswith("_IN_PROGRESS") else found

    made = wait_for(finished, CREATED_WITHIN_SECONDS, f"the stack {name}")
    if made["StackStatus"] != "CREATE_COMPLETE":
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [
            f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason')}"
            for each in events
            if each["ResourceStatus"] == "CREATE_FAILED"
        ]
        raise Failed(f"{name} is {made['StackStatus']}: {'; '.join(reasons)}")
    return {each["OutputKey"]: each["OutputValue"] for each in made.get("Outputs", [])}
