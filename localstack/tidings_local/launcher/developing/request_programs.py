"""Install Bruno's and httpYac's programs for `make test-requests`, from npm's registry."""

from __future__ import annotations

import shutil
import subprocess

from .. import progress
from ..errors import LauncherError
from ..settings import ROOT, STATE, inherited_environment

WANTED = ROOT / "infra/requests/package.json"
FOLDER = STATE / "npm"
PROGRAMS = ("bru", "httpyac")
LIMIT_SECONDS = 600


def install_request_programs() -> None:
    """Install the versions of package.json, about 350 MB, without scripts of packages.

    Raises:
        LauncherError: npm is missing, or it failed.
    """
    installed = FOLDER / "package.json"
    if installed.is_file() and installed.read_bytes() == WANTED.read_bytes():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise LauncherError("npm is missing", hint="install Node.js 20 or later with npm")
    progress.step("installing the programs of Bruno and httpYac")
    shutil.rmtree(FOLDER, ignore_errors=True)
    draft = FOLDER.with_name(f"{FOLDER.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    shutil.copyfile(WANTED, draft / WANTED.name)
    done = subprocess.run(
        [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"],
        cwd=draft,
        env=inherited_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise LauncherError(f"npm did not install the programs:\n{last}")
    draft.rename(FOLDER)
