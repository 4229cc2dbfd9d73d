"""Download GraphiQL's files from npm's registry into the gateway's folder, before its build."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from .. import progress
from ..errors import LauncherError
from ..settings import ROOT, inherited_environment

GATEWAY = ROOT / "gateway"
LIMIT_SECONDS = 60


def fetch(gateway: Path = GATEWAY) -> None:
    """Download missing files. Without npm or a network, the page loads them from a CDN instead.

    Raises:
        LauncherError: npm returned another file than the pinned one.
    """
    wanted = json.loads((gateway / "graphiql.json").read_text())
    vendor = gateway / "vendor"
    if all((vendor / name).is_file() for name in wanted):
        return
    packages = sorted({each["package"] for each in wanted.values()})
    with tempfile.TemporaryDirectory() as folder:
        if not _pack(packages, Path(folder)):
            progress.step("GraphiQL will be loaded from its CDN: npm did not download it")
            return
        contents = {name: _content(Path(folder), each) for name, each in wanted.items()}
    shutil.rmtree(vendor, ignore_errors=True)  # of other versions
    vendor.mkdir()
    for name, content in contents.items():
        (vendor / name).write_bytes(content)
    progress.step("fetched GraphiQL for the gateway")


def _pack(packages: list[str], folder: Path) -> bool:
    """Download without installing, so that no script of a package runs."""
    npm = shutil.which("npm")
    if npm is None:
        return False
    command = [npm, "pack", *packages, "--ignore-scripts", "--silent", "--pack-destination", "."]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=inherited_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _content(folder: Path, wanted: dict[str, Any]) -> bytes:
    """Return a file of its package, if it is exactly the pinned one."""
    archive = folder / f"{wanted['package'].replace('@', '-')}.tgz"
    try:
        with tarfile.open(archive) as package:
            member = package.extractfile(f"package/{wanted['path']}")
            content = member.read() if member else b""
    except (OSError, tarfile.TarError, KeyError):
        content = b""
    digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
    if f"sha384-{digest}" != wanted["integrity"]:
        raise LauncherError(
            f"{wanted['path']} of {wanted['package']} is not the file that is pinned",
            hint="see gateway/graphiql.json",
        )
    return content
