"""A copy of the working tree that a test may change and deploy."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bootstrap import ROOT
from tests.faults.stack import OURS

PARTS = ("template.yaml", "functions", "gateway", "layers", "events")
NOT_COPIED = shutil.ignore_patterns("__pycache__")

_DEPLOY = """
import sys
from pathlib import Path
from tidings_local.launcher.deploying.deploy import deploy
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running.services.members import members_of
from tidings_local.launcher.settings import load_settings
from tidings_local.launcher.running.stack import find_stack

settings = load_settings()
stack = find_stack(settings)
try:
    with stack.locked():
        deploy(stack, settings, members_of(stack, settings), Path(sys.argv[1]))
except LauncherError as error:
    sys.exit("\\n".join(error.lines()))
"""


@dataclass(frozen=True)
class WorkingTree:
    folder: Path

    @classmethod
    def copy_to(cls, folder: Path) -> "WorkingTree":
        for part in PARTS:
            source, target = ROOT / part, folder / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=NOT_COPIED)
            else:
                shutil.copy2(source, target)
        return cls(folder)

    def append(self, file: str, text: str) -> None:
        assert (self.folder / file).is_file(), f"{file} has moved"
        with (self.folder / file).open("a") as opened:
            opened.write(text)

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} does not have {old!r}"
        path.write_text(text.replace(old, new, 1))

    def start_deploying(self) -> subprocess.Popen[str]:
        """Start `make deploy` with this tree on the stack under test."""
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        sources = os.pathsep.join([str(ROOT / "localstack"), str(ROOT)])
        return subprocess.Popen(
            [sys.executable, "-c", _DEPLOY, str(self.folder)],
            env=kept | {"PYTHONPATH": sources},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def deploy(self) -> str:
        """Deploy; return the output.

        Raises:
            AssertionError: the deployment failed.
        """
        printed, status = self.try_to_deploy()
        assert status == 0, printed
        return printed

    def try_to_deploy(self, seconds: float = 300) -> tuple[str, int]:
        """Deploy; return the output and the exit status."""
        with self.start_deploying() as running:
            printed, _ = running.communicate(timeout=seconds)
        return printed, running.returncode
