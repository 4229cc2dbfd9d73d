"""The requests of `make dev` to the runner."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tidings_local.runner.client import RunnerAwayError, RunnerClient, RunnerLostError

from ...deploying.template import Sources
from ...errors import LauncherError
from .calls import Call

AWAY = (RunnerAwayError, RunnerLostError)


class SessionLostError(Exception):
    """The runner does not know this session, because it was restarted."""


@dataclass(frozen=True)
class Laid:
    """The runner's answer about the working tree."""

    directory: str
    """The folder in which it merges layers."""
    layers: tuple[Path, ...]
    """The folders that functions use as /opt."""
    after: int
    """The number of the last ended call."""


@dataclass
class DevRunner:
    """Sends requests; safe to use from two threads."""

    client: RunnerClient
    session: str = field(default_factory=lambda: uuid.uuid4().hex)
    preload: tuple[str, ...] = ()
    """The third-party modules that our layers import."""

    def lay(self, sources: Sources, changed: Iterable[Path] = ()) -> Laid:
        """Make calls run the working tree.

        Raises:
            LauncherError: another `make dev` has it.
            RunnerAwayError, RunnerLostError: nothing answers.
        """
        told = {
            "session": self.session,
            "functions": {name: str(folder) for name, folder in sources.functions.items()},
            "layers": [str(folder) for folder in sources.layers.values()],
            "preload": list(self.preload),
            "changed": [str(folder) for folder in changed],
        }
        answer = self._ask("PUT", "/dev", json.dumps(told).encode())
        return Laid(answer["directory"], tuple(map(Path, answer["layers"])), answer["after"])

    def calls(self, after: int) -> tuple[list[Call], int]:
        """Return the calls after this number, and the number of the last one.

        Raises:
            SessionLostError: the runner no longer runs the working tree.
            RunnerAwayError, RunnerLostError: nothing answers.
        """
        told = self._ask("GET", f"/dev/calls?session={self.session}&after={after}")["calls"]
        last = told[-1]["number"] if told else after
        return [Call.of(each) for each in told], last

    def lift(self) -> None:
        """Make calls run the deployed code again.

        Raises:
            SessionLostError: they do already.
            RunnerAwayError, RunnerLostError: the runner does not answer; then they do, too.
        """
        self._ask("DELETE", f"/dev?session={self.session}")

    def _ask(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        answer = self.client.ask(method, path, body)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise SessionLostError
        content: dict[str, Any] = json.loads(answer.body)
        if answer.status == HTTPStatus.CONFLICT:
            raise LauncherError(content["message"], hint="end that one first (Ctrl-C)")
        if answer.status != HTTPStatus.OK:
            raise LauncherError(f"the runner answers {answer.status}: {content}")
        return content
