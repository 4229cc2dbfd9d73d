"""Run `sam build`, only if the structure changed since the last time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import bootstrap

from .. import progress
from ..errors import LauncherError
from ..settings import ROOT, STATE, inherited_environment
from . import graphiql
from .fingerprints import fingerprint

SOURCES = ("template.yaml", "layers", "functions", "gateway", "events")
STRUCTURE = ("template.yaml", "layers/dependencies")
"""Files whose changes need `sam build` and CloudFormation; all others are code, which comes from
the working tree."""
KEPT_BUILDS = 3


def source_fingerprint(root: Path = ROOT) -> str:
    return fingerprint([root / name for name in SOURCES], root=root)


def structure_fingerprint(root: Path = ROOT) -> str:
    return fingerprint([root / name for name in STRUCTURE], root=root)


def build(root: Path = ROOT) -> Path:
    """Build the working tree; return the built template, in a folder of this structure.

    The code of functions and of our layer in this folder may be older than the working tree.

    Raises:
        LauncherError: the template is missing, or SAM refuses it.
    """
    if not (root / "template.yaml").is_file():
        raise LauncherError("there is no template.yaml to deploy")
    graphiql.fetch(root / "gateway")
    with _only_builder():
        while not (wanted := _folder_of(root)).is_dir():
            draft = _sam_build(root)
            if _folder_of(root) == wanted:
                draft.rename(wanted)
            else:
                progress.step("the structure was changed during the build: building again")
        wanted.touch()
        _forget_old_builds()
    return wanted / "template.yaml"


def _folder_of(root: Path) -> Path:
    return builds_folder() / structure_fingerprint(root)[:16]


def builds_folder() -> Path:
    return STATE / "build"


@contextlib.contextmanager
def _only_builder() -> Iterator[None]:
    builds_folder().mkdir(parents=True, exist_ok=True)
    with (builds_folder() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sam_build(root: Path) -> Path:
    """Build into a folder for drafts, and return it."""
    progress.step("building functions and layers (sam build)")
    draft, cache = builds_folder() / "new.draft", builds_folder() / "cache"
    shutil.rmtree(draft, ignore_errors=True)
    log = STATE / "build.log"
    options = ["--cached", "--parallel", "--cache-dir", str(cache), "--build-dir", str(draft)]
    with log.open("w") as output:
        done = subprocess.run(
            [str(sam()), "build", "--template", str(root / "template.yaml"), *options],
            cwd=root,
            env=sam_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        raise LauncherError("sam build failed", log=log)
    return draft


def sam() -> Path:
    return bootstrap.VENVS / "sam" / "bin" / "sam"


def sam_environment() -> dict[str, str]:
    """SAM's environment: its own Python 3.11 and pip, and never a real AWS profile."""
    environment = inherited_environment()
    return environment | {
        "PATH": f"{sam().parent}{os.pathsep}{environment['PATH']}",
        "TIDINGS_UV": str(bootstrap.UV),
        "UV_SYSTEM_CERTS": "1",
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(STATE / "sam"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _forget_old_builds() -> None:
    builds = [path for path in builds_folder().iterdir() if len(path.name) == 16]
    for old in sorted(builds, key=lambda path: path.stat().st_mtime)[:-KEPT_BUILDS]:
        shutil.rmtree(old, ignore_errors=True)
    for draft in builds_folder().glob("*.draft"):
        shutil.rmtree(draft, ignore_errors=True)
