"""Timeouts of the services in tests: mostly longer than a busy machine needs.

test_outages.py and tests/faults test the limits of a deployed stack.
"""

from types import ModuleType
from typing import Any, Final

import pytest

from tidings.platform.messaging import broker
from tidings.platform.providers import aws, deadline, https, public_hosts, smtp
from tidings.platform.storage import database, redis_connection

_PATIENT: Final[dict[tuple[ModuleType, str], Any]] = {
    (database, "SERVER_SELECTION_MS"): 30_000,
    (database, "OPERATION_MS"): 30_000,
    (database, "LARGE_SECONDS"): 60.0,
    (database, "PATIENT_SECONDS"): 60.0,
    (redis_connection, "TIMEOUT_SECONDS"): 30.0,
    (broker, "CONNECT_SECONDS"): 30.0,
    (broker, "CONFIRM_SECONDS"): 30.0,
    (aws, "CONNECT_SECONDS"): 60.0,
    (aws, "ANSWER_SECONDS"): 60.0,
    (https, "CONNECT_SECONDS"): 60.0,
    (https, "ANSWER_SECONDS"): 60.0,
    (public_hosts, "CONNECT_SECONDS"): 60.0,
    (smtp, "CONNECT_SECONDS"): 60.0,
    (smtp, "ANSWER_SECONDS"): 60.0,
}
_DEPLOYED: Final = {limit: getattr(*limit) for limit in _PATIENT}


def be_patient(patch: pytest.MonkeyPatch) -> None:
    """Wait so long that a service which works is never given up."""
    for (module, name), value in _PATIENT.items():
        patch.setattr(module, name, value)
    of_messages = vars(deadline.Deadline)
    for limit in (of_messages["after"].__func__, of_messages["left"]):
        patch.setattr(limit, "__defaults__", (60.0,))


def be_as_deployed(patch: pytest.MonkeyPatch, which: ModuleType) -> None:
    """Set the limits of one module to those of a deployed stack."""
    for (module, name), value in _DEPLOYED.items():
        if module is which:
            patch.setattr(module, name, value)
