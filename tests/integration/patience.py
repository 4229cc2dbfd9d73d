"""Timeouts of the services in tests: mostly longer than a busy machine needs.

test_outages.py and tests/faults test the limits of a deployed stack.
"""

from types import ModuleType
from typing import Final

import pytest

from tidings.platform.messaging import broker
from tidings.platform.storage import database, redis_connection

_PATIENT: Final[dict[tuple[ModuleType, str], float]] = {
    (database, "SERVER_SELECTION_MS"): 30_000,
    (database, "OPERATION_MS"): 30_000,
    (redis_connection, "TIMEOUT_SECONDS"): 30.0,
    (broker, "CONNECT_SECONDS"): 30.0,
    (broker, "CONFIRM_SECONDS"): 30.0,
}
_DEPLOYED: Final = {limit: getattr(*limit) for limit in _PATIENT}


def be_patient(patch: pytest.MonkeyPatch) -> None:
    for (module, name), value in _PATIENT.items():
        patch.setattr(module, name, value)


def be_as_deployed(patch: pytest.MonkeyPatch, which: ModuleType) -> None:
    """Set the limits of one module to those of a deployed stack."""
    for (module, name), value in _DEPLOYED.items():
        if module is which:
            patch.setattr(module, name, value)
