"""`make dev`: watch the working tree, let the runner run it, and show the calls."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import yaml
from watchfiles import watch

from tidings_local.runner.client import RunnerClient

from ...deploying.fingerprints import files_of
from ...deploying.template import Sources, sources
from ...errors import LauncherError
from ...running.stack import Stack
from ...settings import ROOT
from .compiled import compile_all
from .foreign import foreign_modules
from .runner import AWAY, DevRunner, Laid, SessionLostError
from .saved import TEMPLATE, saved
from .trial import trials
from .view import Terminal, View, shortener

WATCHED = ("functions", "gateway", "layers")
SETTLE_MS, STEP_MS = 200, 20
"""Files saved within this time are one change: a checkout, an editor that saves in steps."""
GATHER_SECONDS = 0.15
"""Calls within this time are shown together, so that one request's lines are grouped."""
AWAY_SECONDS = 30.0
RETRY_SECONDS = 0.2


def develop(stack: Stack, is_deployed: Callable[[], bool], root: Path = ROOT) -> None:
    """Run the working tree's code in the stack until Ctrl-C.

    Raises:
        LauncherError: there is no runner, or another `make dev` has it.
        BrokenPipeError: the reader of the output closed the pipe.
    """
    with _session(stack, root) as session:
        session.begin()
        try:
            session.watch()
        except KeyboardInterrupt:
            pass
        finally:
            session.end()
    if session.view.reader_is_gone:
        raise BrokenPipeError
    todo = "" if is_deployed() else ": `make deploy` brings what you changed"
    session.view.note(f"the deployed code runs again{todo}", style="bold")


@dataclass
class Session:
    runner: DevRunner
    root: Path
    view: View
    _sources: Sources = field(init=False)
    _laid: Laid | None = None
    _ended: Event = field(default_factory=Event)
    _failure: LauncherError | None = None
    _template_at: float = 0.0

    def __post_init__(self) -> None:
        self._sources = sources(self.root)
        self._template_at = self._template_time()

    def begin(self) -> None:
        """Start running the working tree.

        Raises:
            LauncherError: another `make dev` has the runner, or there is none.
        """
        found = self._sources
        folders = {*found.functions.values(), *found.layers.values()}
        self.view.mistakes(compile_all(file for each in folders for file in files_of(each)))
        self.runner.preload = foreign_modules(found.layers.values())
        self._lay(set())
        Thread(target=self._show_calls, name="dev-calls", daemon=True).start()
        self.view.note("saved files run at the next call; Ctrl-C ends it", style="bold")

    def watch(self) -> None:
        """Apply saved files until Ctrl-C."""
        folders = [self.root / name for name in WATCHED]
        changes = watch(
            *folders,
            debounce=SETTLE_MS,
            step=STEP_MS,
            rust_timeout=500,
            yield_on_timeout=True,
            stop_event=self._ended,
        )
        for each in changes:
            self._look_at_template()
            self._take([Path(path) for _, path in each])
        if self._failure:
            raise self._failure

    def end(self) -> None:
        """Make calls run the deployed code again."""
        self._ended.set()
        with contextlib.suppress(SessionLostError, *AWAY):
            self.runner.lift()

    def _take(self, paths: list[Path]) -> None:
        change = saved(paths, self._sources, self.root)
        for path in change.for_deployment:
            self._say_deploy(path)
        if not change.files:
            return
        mistakes = compile_all(change.files)
        with contextlib.suppress(*AWAY):  # sent again as soon as the runner is back
            self._lay(change.folders)
        self.view.note(_told(change.files, self.root))
        self.view.mistakes(mistakes)
        if not mistakes:
            Thread(target=self._try, args=[change.files], name="dev-trial", daemon=True).start()

    def _lay(self, changed: set[Path]) -> None:
        self._laid = laid = self.runner.lay(self._sources, changed)
        packages = {
            str(folder.relative_to(self.root)): [each.name for each in folder.iterdir()]
            for folder in self._sources.layers.values()
        }
        self.view.shorten(shortener(str(self.root), laid.directory, packages))

    def _try(self, files: list[Path]) -> None:
        for trial in trials(files, self._sources):
            laid = self._laid
            if laid and laid.layers and (traceback := trial.error(laid.layers)):
                self.view.failure(f"{', '.join(trial.modules)} cannot be imported", traceback)

    def _look_at_template(self) -> None:
        at = self._template_time()
        if at == self._template_at:
            return
        self._template_at = at
        self._say_deploy(TEMPLATE)
        with contextlib.suppress(OSError, yaml.YAMLError, LookupError, *AWAY):
            self._sources = sources(self.root)  # used after the deployment
            self._lay(set())

    def _say_deploy(self, path: str) -> None:
        self.view.note(f"{path} changed: this needs `make deploy`", style="yellow")

    def _template_time(self) -> float:
        with contextlib.suppress(OSError):
            return (self.root / TEMPLATE).stat().st_mtime
        return 0.0

    def _show_calls(self) -> None:
        try:
            self._follow_calls()
        finally:
            self._ended.set()  # for any error: a session that shows nothing is useless

    def _follow_calls(self) -> None:
        after, heard = self._laid.after if self._laid else 0, time.monotonic()
        while not (self._ended.is_set() or self.view.reader_is_gone):
            try:
                calls, after = self.runner.calls(after)
                heard = time.monotonic()
            except SessionLostError:
                after = self._lay_again()
                continue
            except AWAY:
                if time.monotonic() - heard > AWAY_SECONDS:
                    self._fail(LauncherError("the runner is gone", hint="make up"))
                self._ended.wait(RETRY_SECONDS)
                continue
            if calls:
                self.view.calls(calls)
                self._ended.wait(GATHER_SECONDS)

    def _lay_again(self) -> int:
        try:
            if not self._ended.is_set():
                self._lay(set())
                self.view.note("the runner was restarted; it runs the working tree again")
        except LauncherError as error:  # this computer slept, and another session replaced this one
            self._fail(error)
        except AWAY:
            self._ended.wait(RETRY_SECONDS)
        return self._laid.after if self._laid else 0

    def _fail(self, error: LauncherError) -> None:
        self._failure = error
        self._ended.set()


@contextlib.contextmanager
def _session(stack: Stack, root: Path) -> Iterator[Session]:
    runner = DevRunner(RunnerClient(str(stack.runner_socket)))
    try:
        yield Session(runner, root, View(Terminal(highlight=False, markup=False)))
    except AWAY as error:
        raise LauncherError(f"the runner does not answer: {error}", hint="make up") from None


def _told(files: list[Path], root: Path) -> str:
    names = [str(file.relative_to(root)) for file in files]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"saved {', '.join(names[:3])}{more}"
