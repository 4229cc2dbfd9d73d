"""Send the deployed functions to the runner, before LocalStack reports them as deployed.

Every change is sent in order. A runner that is out of step (it or LocalStack was restarted) gets
everything. If the runner refuses a change, the AWS call that made it fails. From then on everything
is sent again until the runner accepts it, and further changes are refused at once.
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
    """The runner refused a change: it still runs the previous deployment."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the runner refused the deployment: {reason}")
        self.reason = reason


class Handover:
    """Sends changes; safe to use from many threads."""

    def __init__(self, client: RunnerClient, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._client = client
        self._patience_seconds = patience_seconds
        self._lock = Lock()
        self._snapshot = Snapshot(session=uuid.uuid4().hex)
        self._behind: str | None = None
        """The reason why the runner does not have everything, until it has."""

    @property
    def is_in_step(self) -> bool:
        """Whether the runner has accepted everything."""
        return self._behind is None

    def put(self, kind: Kind, key: str, value: Any) -> None:
        """Add or replace something that is deployed.

        Raises:
            NotTakenError: the runner refused it. A function keeps its old version, as in
            LocalStack. Other items are sent again until the runner accepts them.
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
        """Remove something. A runner that is unavailable gets the change later."""
        with self._lock:
            if key not in self._snapshot.items[kind]:
                return
            try:
                self._change(kind, key, None)
            except NotTakenError as error:
                logger.warning("%s", error)

    def begin(self) -> None:
        """Clear the deployment of an earlier LocalStack process in the runner."""
        with self._lock:
            try:
                self._told(self._tell_everything)
            except NotTakenError as error:
                logger.warning("%s", error)

    def everything(self) -> bytes:
        """Return everything that is deployed, for a runner that asks."""
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
        """Send a change. Raises NotTakenError; then everything is sent in the background."""
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
        logger.warning("the runner has accepted the deployment")

    def _tell(self, change: Change) -> Answer:
        body = json.dumps(asdict(change)).encode()
        try:
            answer = self._ask("POST", CHANGES_PATH, body, self._patience_seconds)
        except RunnerLostError as lost:
            if isinstance(lost.__cause__, TimeoutError):  # it hangs, and would hang again
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
    """Send a request. Raises NotTakenError if the answer is missing or not 200."""
    try:
        answer = tell()
    except (RunnerAwayError, RunnerLostError) as error:
        raise NotTakenError(str(error)) from error
    if answer.status != HTTPStatus.OK:
        raise NotTakenError(f"{answer.status} {answer.body[:500].decode(errors='replace')}")
