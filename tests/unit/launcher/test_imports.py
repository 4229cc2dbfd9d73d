"""Tests of the modules that a command of the launcher imports at its start."""

import subprocess
import sys

import pytest

CLIENTS = ("redis", "pymongo", "pika")
"""They take most of a second to import, and only `make up` needs them."""
SLOW = {
    "status": (*CLIENTS, "boto3", "botocore", "cryptography"),
    "deploy": (*CLIENTS, "boto3", "s3transfer"),
}


@pytest.mark.parametrize("name", SLOW)
def test_command_does_not_import_unused_packages(name: str) -> None:
    loaded = f"import sys; print([name for name in {SLOW[name]} if name in sys.modules])"
    code = f"from tidings_local.launcher.__main__ import find_command; find_command({name!r})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {loaded}"],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
