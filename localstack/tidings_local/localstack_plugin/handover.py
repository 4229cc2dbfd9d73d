"""Tells the runner what is deployed, before LocalStack says that it is.

Every change is told in its turn. A runner that does not follow (it was started anew, or this
LocalStack was) is told everything. A change that the runner did not take is an error of the call
that made it. From then on everything is told again and again until the runner takes it, and
further changes are refused at once.
"""

import json
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from threading import Lock, Thread
from typing import Any

from tidings_local.lambda_host import LambdaHostError
from tidings_local.runner.client import Answer, RunnerAwayError, RunnerClient, RunnerLostError
from tidings_local.runner.forms import (
    CHANGES_PATH,
    FUNCTIONS,
    SNAPSHOT_PATH,
    Change,
    Kind,
    Snapshot,
)

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 15.0
AGAIN_SECONDS = 0.25


class NotTakenError(LambdaHostError):
    """The runner did not take a change: it runs what it had before."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the runner did not take what is deployed: {reason}")
        self.reason = reason


class Handover:
    """Safe to use from many threads."""

    def __init__(self, client: RunnerClient, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._client = client
        self._patience_seconds = patience_seconds
        self._lock = Lock()
        self._snapshot = Snapshot(session=uuid.uuid4().hex)
        self._behind: str | None = None
        """Why the runner does not have everything, while it has not."""

    @property
    def is_in_step(self) -> bool:
        """Whether the runner has everything that it was told."""
        return self._behind is None

    def put(self, kind: Kind, key: str, value: Any) -> None:
        """Something is deployed, or differs now.

        Raises:
            NotTakenError: the runner did not take it. A function stays as it was, as LocalStack
                keeps the old version. All else is told as soon as the runner takes it.
        """
        with self._lock:
            before = self._snapshot.items[kind].get(key)
            try:
                self._change(kind, key, value)
            except NotTakenError:
                if kind == FUNCTIONS:
                    self._snapshot.apply(kind, key, before)
                raise

    def remove(self, kind: Kind, key: str) -> None:
        """Something is no more. A runner that cannot be told is told later."""
        with self._lock:
            if key not in self._snapshot.items[kind]:
                return
            try:
                self._change(kind, key, None)
            except NotTakenError as error:
                logger.warning("%s", error)

    def begin(self) -> None:
        """Have the runner forget what a LocalStack before this one told it."""
        with self._lock:
            try:
                self._told(self._tell_everything)
            except NotTakenError as error:
                logger.warning("%s", error)

    def everything(self) -> bytes:
        """Return all that is deployed, for a runner that asks."""
        with self._lock:
            return self._everything()

    def _change(self, kind: Kind, key: str, value: Any) -> None:
        snapshot = self._snapshot
        snapshot.number += 1
        snapshot.apply(kind, key, value)
        if self._behind:
            raise NotTakenError(self._behind)
        change = Change(snapshot.session, snapshot.number, kind, key, value)
        self._told(lambda: self._tell(change))

    def _told(self, tell: Callable[[], Answer]) -> None:
        """Raises NotTakenError, after which everything is told in the background."""
        try:
            _taken(tell)
        except NotTakenError as error:
            self._behind = error.reason
            Thread(target=self._catch_up, name="runner-handover", daemon=True).start()
            raise

    def _catch_up(self) -> None:
        while self._behind:
            time.sleep(AGAIN_SECONDS)
            with self._lock:
                try:
                    _taken(lambda: self._tell_everything(patience_seconds=0))
                except NotTakenError as error:
                    if error.reason != self._behind:
                        logger.warning("%s", error)
                    self._behind = error.reason
                else:
                    self._behind = None
        logger.warning("the runner has taken what is deployed")

    def _tell(self, change: Change) -> Answer:
        body = json.dumps(asdict(change)).encode()
        try:
            answer = self._ask("POST", CHANGES_PATH, body, self._patience_seconds)
        except RunnerLostError as lost:
            if isinstance(lost.__cause__, TimeoutError):  # it hangs: it would hang again
                raise
            return self._tell_everything()
        return self._tell_everything() if answer.status == HTTPStatus.CONFLICT else answer

    def _tell_everything(self, patience_seconds: float | None = None) -> Answer:
        patience = self._patience_seconds if patience_seconds is None else patience_seconds
        return self._ask("PUT", SNAPSHOT_PATH, self._everything(), patience)

    def _everything(self) -> bytes:
        return json.dumps(asdict(self._snapshot)).encode()

    def _ask(self, method: str, path: str, body: bytes, patience_seconds: float) -> Answer:
        return self._client.ask(method, path, body, patience_seconds=patience_seconds, expires=True)


def _taken(tell: Callable[[], Answer]) -> None:
    """Raises NotTakenError where the runner is away or answers with anything but 200."""
    try:
        answer = tell()
    except (RunnerAwayError, RunnerLostError) as error:
        raise NotTakenError(str(error)) from error
    if answer.status != HTTPStatus.OK:
        raise NotTakenError(f"{answer.status} {answer.body[:500].decode(errors='replace')}")
