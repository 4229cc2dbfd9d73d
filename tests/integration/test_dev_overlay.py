"""The working tree's code runs in real processes instead of the deployed code."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.host_thread import HostThread
from tests.unit.lambda_host.builders import a_function, runtime_python
from tests.waiting import eventually
from tidings_local.lambda_host import Function, Invocation
from tidings_local.lambda_host.host import HostSettings
from tidings_local.launcher.developing.dev.compiled import compile_all
from tidings_local.runner.dev.host import DevHost
from tidings_local.runner.dev.overlay import Overlay, Sources
from tidings_local.runner.dev.seen_calls import SeenCalls

DEPLOYED = "import ours\ndef handler(event, context):\n    return ['deployed', ours.MARK]\n"


def handler(text: str) -> str:
    return f"import ours\ndef handler(event, context):\n    return [{text!r}, ours.MARK]\n"


class Tree:
    """A function and a layer, deployed and in a working tree that `make dev` serves."""

    def __init__(self, folder: Path, host: HostThread) -> None:
        self.function, self.layer = folder / "functions/users", folder / "layers/tidings"
        opt = folder / "deployed" / "opt" / "python"
        for each in (self.function, self.layer, opt):
            each.mkdir(parents=True)
        for place in (opt, self.layer):
            (place / "ours.py").write_text("MARK = 1\n")
            (place / "preload.list").write_text("ours\n")
        self.deployed = a_function(folder / "deployed", DEPLOYED, opt_dir=opt.parent)
        (self.function / f"{self._module}.py").write_text(handler("first"))
        self.sources = Sources({self.deployed.name: self.function}, (self.layer,))
        self.overlay = Overlay(
            folder / "dev",
            deployed=lambda: [self.deployed],
            prepare=host.host.prepare,
            is_prepared=host.host.is_prepared,
            retire=host.host.retire,
        )
        self._host, self._seen = host, SeenCalls()
        self.lay()

    @property
    def _module(self) -> str:
        return self.deployed.handler.partition(".")[0]

    def lay(self, *changed: Path) -> None:
        self._host.call(self.overlay.lay, self.sources, set(changed))

    def save(self, text: str) -> None:
        """Save the function's file as `make dev` reads it, always at the same second."""
        self._write(self.function / f"{self._module}.py", text)
        self.lay(self.function)

    def save_layer(self, mark: int) -> None:
        self._write(self.layer / "ours.py", f"MARK = {mark}\n")
        self.lay(self.layer)

    def call(self) -> Any:
        seen = DevHost(self._host.host, self.overlay, self._seen)
        outcome = self._host.run(seen.invoke(self.deployed, Invocation(payload=b"{}")))
        return json.loads(outcome.payload)

    def runs(self) -> Function:
        """Return the result of a call."""
        return self._host.call(self.overlay.of, self.deployed)

    @staticmethod
    def _write(file: Path, text: str) -> None:
        file.write_text(text)
        os.utime(file, (1_000_000_000, 1_000_000_000))
        compile_all([file])


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    host = HostThread(HostSettings(interpreter=runtime_python(), directory=tmp_path / "host"))
    yield Tree(tmp_path, host)
    host.close()


def test_saved_file_runs_at_the_next_call_each_time(tree: Tree) -> None:
    for number in range(10, 20):  # texts of equal length
        tree.save(handler(f"text {number}"))
        assert tree.call() == [f"text {number}", 1]


def test_saved_layer_runs_at_the_next_call_each_time(tree: Tree) -> None:
    for mark in range(2, 7):
        tree.save_layer(mark)
        assert tree.call() == ["first", mark]


def test_a_saved_layer_is_loaded_for_later_processes(tree: Tree) -> None:
    tree.save_layer(2)
    assert tree.call() == ["first", 2]  # in a process that imports it itself
    eventually(lambda: "PYTHONPATH" not in tree.runs().variables)
    tree.save(handler("later"))
    assert tree.call() == ["later", 2]


def test_file_that_does_not_import_answers_with_its_error_and_runs_when_corrected(
    tree: Tree,
) -> None:
    assert tree.call() == ["first", 1]
    tree.save("def (:\n")
    assert tree.call()["errorType"] == "Runtime.UserCodeSyntaxError"
    tree.save("import nowhere_to_be_found\n")
    assert tree.call()["errorType"] == "Runtime.ImportModuleError"
    tree.save(handler("mended"))
    assert tree.call() == ["mended", 1]


def test_layer_that_does_not_import_answers_with_its_error_and_runs_when_corrected(
    tree: Tree,
) -> None:
    (tree.layer / "ours.py").write_text("MARK = nothing\n")
    tree.lay(tree.layer)
    assert "nothing" in tree.call()["errorMessage"]
    tree.save_layer(5)
    assert tree.call() == ["first", 5]


def test_deployed_code_runs_again_at_the_end(tree: Tree) -> None:
    tree.save_layer(7)
    assert tree.call() == ["first", 7]
    tree._host.call(tree.overlay.lift)
    assert tree.call() == ["deployed", 1]
