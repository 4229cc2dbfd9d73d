"""Change the clocks of functions with libfaketime, which `make test` installs."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bootstrap import ROOT
from tests.e2e.aws import client
from tests.settings import stack_under_test
from tidings_local.launcher.running import programs

STEP_SECONDS: Final = 3.0
CONSUMERS: Final = ("tidings-inventory", "tidings-orders", "tidings-notifications")
VARIABLES: Final = (
    "LD_PRELOAD",
    "FAKETIME_TIMESTAMP_FILE",
    "FAKETIME_NO_CACHE",
    "DONT_FAKE_MONOTONIC",
)


@dataclass
class _Steps:
    """Consumers run with a clock that a file sets; monotonic clocks stay correct."""

    _kept: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def _file(self) -> Path:
        return ROOT / ".tidings" / "stacks" / stack_under_test().name / "run" / "clock"

    def prepare(self) -> None:
        library = programs.location(programs.FAKETIME)
        self._step("+0")
        faked = dict(zip(VARIABLES, (str(library), str(self._file), "1", "1"), strict=True))
        for name in CONSUMERS:
            self._kept[name] = _variables(name)
            _set_variables(name, self._kept[name] | faked)

    def inflict(self) -> None:
        for offset in ("+3600", "-3600", "+0"):
            self._step(offset)
            time.sleep(STEP_SECONDS)

    def mend(self) -> None:
        for name, variables in self._kept.items():
            _set_variables(name, variables)

    def _step(self, offset: str) -> None:
        temporary = self._file.with_suffix(".new")
        temporary.write_text(offset + "\n")
        temporary.rename(self._file)


def _variables(function: str) -> dict[str, str]:
    found: dict[str, Any] = client("lambda").get_function_configuration(FunctionName=function)
    return dict(found["Environment"]["Variables"])


def _set_variables(function: str, variables: dict[str, str]) -> None:
    functions = client("lambda")
    functions.update_function_configuration(
        FunctionName=function, Environment={"Variables": variables}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=function)


steps_of_the_clock: Final = _Steps()
