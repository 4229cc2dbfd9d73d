"""The deployment that LocalStack's plugin sends: stored, and passed to its users."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from tidings_local.front_door.deployed import Deployed
from tidings_local.lambda_host import Function, FunctionKey
from tidings_local.runner.forms import (
    ALL,
    FUNCTIONS,
    REST_APIS,
    SETTINGS,
    Change,
    Snapshot,
    function_of,
    settings_of,
)
from tidings_local.runner.registry import Registry

logger = logging.getLogger(__name__)


class OutOfStepError(Exception):
    """A change does not follow the known ones: everything has to be sent."""


@dataclass(slots=True)
class Deployment:
    registry: Registry
    prepare: Callable[[Function], None]
    """Loads a function's layers before its first call."""
    retire: Callable[[FunctionKey], None]
    """Ends the environments of a version that gets no more calls."""
    route: Callable[[Deployed], None]
    """Gets all deployed stages of REST APIs."""
    known: Snapshot | None = None
    """None until LocalStack has sent the deployment: no call is answered before."""

    def replace(self, told: Snapshot) -> None:
        """Replace the deployment by a complete one.

        Raises:
            Exception: it cannot be read, and nothing was changed; or a function cannot be prepared.
        """
        functions = {arn: function_of(form) for arn, form in told.items[FUNCTIONS].items()}
        settings = {arn: settings_of(form) for arn, form in told.items[SETTINGS].items()}
        self.route(told.items[REST_APIS].get(ALL, []))
        before = self.known or Snapshot(session="")
        for arn in before.items[FUNCTIONS].keys() - functions.keys():
            self._remove(arn)
        for arn in before.items[SETTINGS].keys() | settings.keys():
            self.registry.set_settings(arn, settings.get(arn))
        for function in functions.values():
            self._put(function)
        self.known = told
        logger.info(
            "deployment known",
            extra={"functions": len(self.registry.functions), "number": told.number},
        )

    def change(self, change: Change) -> None:
        """Apply one change.

        Raises:
            OutOfStepError: it is of another LocalStack process, or an earlier change is missing.
            Exception: it cannot be read; it was not applied, so that the next one is out of step.
        """
        known = self.known
        if known is None or (known.session, known.number + 1) != (change.session, change.number):
            raise OutOfStepError
        self._apply(change)
        known.number = change.number
        known.apply(change.kind, change.key, change.value)

    def _apply(self, change: Change) -> None:
        value = change.value
        if change.kind == FUNCTIONS:
            self._remove(change.key) if value is None else self._put(function_of(value))
        elif change.kind == SETTINGS:
            settings = settings_of(value) if value is not None else None
            self.registry.set_settings(change.key, settings)
        elif change.kind == REST_APIS:
            self.route(value or [])
        else:
            raise ValueError(f"a change of an unknown kind: {change.kind}")

    def _put(self, function: Function) -> None:
        self.prepare(function)
        self._retire(self.registry.put(function))

    def _remove(self, arn: str) -> None:
        self._retire(self.registry.remove(arn))

    def _retire(self, key: FunctionKey | None) -> None:
        if key is not None:
            self.retire(key)
