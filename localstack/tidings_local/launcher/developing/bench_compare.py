"""`make bench COMPARE=<git ref>`: run another version of the code beside this one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .. import progress
from ..errors import LauncherError
from ..settings import ARGUMENT_PREFIX, ROOT, STATE, Settings, environment_of_launcher

OTHER_STACK = "compared"
# Beyond the ports of this stack and of those that the tests start.
PORTS_ABOVE = 3000
MEASURES = Path("tests") / "bench"


@dataclass(frozen=True)
class OtherVersion:
    """A clone at another commit, with a stack of its own."""

    folder: Path
    port_base: int

    def bench(self, name: str) -> str:
        """Run a benchmark there, and return its tables.

        Raises:
            LauncherError: it failed.
        """
        self._make("bench", f"T={name}")
        return (self.folder / ".tidings" / "bench" / f"{name}.md").read_text()

    def _make(self, *arguments: str) -> None:
        done = subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=_environment(self.port_base),
            stdout=subprocess.DEVNULL,
        )
        if done.returncode:
            command = f"make {' '.join(arguments)}"
            raise LauncherError(f"`{command}` failed in {self.folder}", hint=f"run {command} there")


@contextmanager
def other_version(ref: str, settings: Settings) -> Iterator[OtherVersion]:
    """Start the stack of another commit, with the measures of this version; stop it afterwards.

    Raises:
        LauncherError: the commit is unknown, or its stack did not start.
    """
    commit = _git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", unknown=ref)
    folder = STATE / OTHER_STACK
    shutil.rmtree(folder, ignore_errors=True)
    progress.step(f"starting version {commit[:10]} in {folder}")
    _git("clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(folder), unknown=ref)
    _git("-C", str(folder), "checkout", "--quiet", "--detach", commit, unknown=ref)
    # Both versions are measured in the same way.
    shutil.copytree(ROOT / MEASURES, folder / MEASURES, dirs_exist_ok=True)
    other = OtherVersion(folder, settings.port_base + PORTS_ABOVE)
    try:
        other._make("up")
        yield other
    finally:
        other._make("down")
        shutil.rmtree(folder, ignore_errors=True)


def _environment(port_base: int) -> dict[str, str]:
    kept = {
        name: value
        for name, value in environment_of_launcher().items()
        if not name.startswith((ARGUMENT_PREFIX, "MAKE", "MFLAGS"))
    }
    return kept | {"TIDINGS_STACK": OTHER_STACK, "TIDINGS_PORT_BASE": str(port_base)}


def _git(*arguments: str, unknown: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, env=environment_of_launcher(), capture_output=True, text=True
    )
    if done.returncode:
        reason = done.stderr.strip() or "git does not know it"
        raise LauncherError(f"cannot use version {unknown}: {reason}", hint="COMPARE=<git ref>")
    return done.stdout.strip()
