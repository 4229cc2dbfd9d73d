"""Run `make dev` for a copy of the working tree, with output that a test can read."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from bootstrap import ROOT
from tests.faults.working_tree import WorkingTree
from tests.waiting import eventually

_DEV = """
import sys
from pathlib import Path
from tidings_local.launcher.developing.dev.session import develop
from tidings_local.launcher.settings import load_settings
from tidings_local.launcher.running.stack import find_stack

develop(find_stack(load_settings()), lambda: False, Path(sys.argv[1]))
"""


class MakeDev:
    """Run `make dev` for a copy of the working tree, with a file as its terminal."""

    def __init__(self, folder: Path) -> None:
        (folder / "tree").mkdir()
        self.tree = WorkingTree.copy_to(folder / "tree")
        self._terminal = folder / "terminal"
        sources = os.pathsep.join(str(ROOT / each) for each in ("localstack", "layers/tidings"))
        with self._terminal.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _DEV, str(self.tree.folder)],
                env=dict(os.environ, PYTHONPATH=sources),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.wait_to_read("saved files run at the next call")

    @property
    def terminal(self) -> str:
        return self._terminal.read_text()

    def wait_to_read(self, text: str) -> None:
        eventually(lambda: text in self.terminal or self._process.poll() is not None)
        assert text in self.terminal, self.terminal

    def save(self, file: str, text: str) -> None:
        """Save a file; return when the runner has been notified."""
        told = self.terminal.count("saved ")
        # At one stroke, as editors do: an empty file would be seen, and run, before the text.
        written = self.tree.folder.parent / "written"
        written.write_text(text)
        written.replace(self.tree.folder / file)
        eventually(lambda: self.terminal.count("saved ") > told, what=f"saved {file}")

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Press Ctrl-C; return the exit status."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(60)
