"""The installation that is checked: its stack, its settings, and the services that answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ...aws import client
from ...errors import LauncherError
from ...running.credentials import Credentials, load_or_make
from ...running.services.connections import Connections
from ...running.services.members import Members, connections_of, members_of
from ...running.stack import Stack
from ...running.supervisor import is_running
from ...settings import Settings
from .finding import CannotCheckError

ANSWER_SECONDS: Final = 20.0
"""The time after which a LocalStack without an answer is said to hang."""


@dataclass(frozen=True)
class Installation:
    stack: Stack
    settings: Settings

    @property
    def was_started(self) -> bool:
        """Whether `make up` ran once, which makes the stack's secrets."""
        return (self.stack.folder / "secrets.json").is_file()

    @cached_property
    def runs(self) -> bool:
        return self.was_started and is_running(self.stack, self.settings)

    def must_run(self) -> None:
        """Let a check continue only if the stack runs.

        Raises:
            CannotCheckError: it does not.
        """
        if not self.runs:
            raise CannotCheckError(f"the stack {self.stack.name} does not run")

    @cached_property
    def credentials(self) -> Credentials:
        if not self.was_started:
            raise CannotCheckError(f"the stack {self.stack.name} was never started")
        return load_or_make(self.stack.folder)

    @cached_property
    def connections(self) -> Connections:
        return connections_of(self.stack, self.settings, self.credentials)

    @cached_property
    def members(self) -> Members:
        """The services. Asking for them writes their configuration, as `make status` does."""
        self.must_run()
        return members_of(self.stack, self.settings)

    @contextmanager
    def aws(self, service: str) -> Iterator[Any]:
        """Give a client of LocalStack.

        Raises:
            CannotCheckError: it does not answer.
        """
        self.must_run()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield client(self.stack, service, answer_seconds=ANSWER_SECONDS, repeats=0)
        except (BotoCoreError, ClientError) as error:
            raise CannotCheckError(f"LocalStack does not answer: {_short(error)}") from error


@contextmanager
def asking(service: str, *errors: type[Exception]) -> Iterator[None]:
    """Make a service that does not answer the reason why a check cannot be made."""
    expected: tuple[type[Exception], ...] = (OSError, *errors)
    try:
        yield
    except expected as error:
        raise CannotCheckError(f"{service} does not answer: {_short(error)}") from error


def reason_of(error: LauncherError) -> str:
    return error.lines()[0]


def _short(error: Exception) -> str:
    first = next(iter(str(error).splitlines()), "")
    return first.partition(" (configured")[0][:120] or type(error).__name__
