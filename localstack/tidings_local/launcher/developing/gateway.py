"""`make gateway`: `chalice local` serves only the gateway, using the running stack."""

from __future__ import annotations

import contextlib
import os
import subprocess

import psutil

import bootstrap

from .. import aws, progress
from ..running.stack import Stack
from ..settings import ROOT, inherited_environment

FOLDER = ROOT / "gateway"
FUNCTION = "tidings-gateway"


def serve_gateway(stack: Stack) -> int:
    """Serve the working tree's gateway until Ctrl-C; return Chalice's exit status."""
    port = stack.ports.gateway
    progress.step(f"GraphQL at http://127.0.0.1:{port}/graphql; Ctrl-C ends it")
    server = subprocess.Popen(command(port), cwd=ROOT, env=environment(stack))
    try:
        return server.wait()
    finally:
        _end(server.pid)


def _end(pid: int) -> None:
    """End Chalice and the process that it restarts; a terminal sends Ctrl-C to both."""
    with contextlib.suppress(psutil.NoSuchProcess):
        chalice = psutil.Process(pid)
        for process in (*chalice.children(recursive=True), chalice):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()


def command(port: int) -> list[str]:
    chalice = bootstrap.python_of("dev").parent / "chalice"
    project = ["--project-dir", str(FOLDER)]
    return [str(chalice), *project, "local", "--stage", "local", "--port", str(port)]


def environment(stack: Stack) -> dict[str, str]:
    """Return the variables of the deployed function, so that both have the same settings."""
    function = aws.client(stack, "lambda").get_function_configuration(FunctionName=FUNCTION)
    variables: dict[str, str] = function["Environment"]["Variables"]
    return (
        inherited_environment()
        | variables
        | aws.environment(stack)
        | {
            "AWS_LAMBDA_FUNCTION_NAME": FUNCTION,
            "PYTHONPATH": os.fspath(ROOT / "layers" / "tidings"),
            # Compiled files in the folder would change the fingerprint of the deployed code.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )
