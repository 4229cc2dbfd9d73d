"""The one place of the plugin that reads the environment."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tidings_local.lambda_host import HostSettings, RuntimeMissingError

_FOLDER = "tidings-lambda"


class SettingError(ValueError):
    """A variable has a value that cannot be used."""


@dataclass(frozen=True, slots=True)
class PluginSettings:
    runtime_python: Path | None
    directory: Path
    max_environments: int
    max_total_environments: int
    keepalive_seconds: float
    wait_seconds: float

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> "PluginSettings":
        python = environ.get("TIDINGS_RUNTIME_PYTHON", "")
        directory = environ.get("TIDINGS_LAMBDA_DIR") or Path(tempfile.gettempdir()) / _FOLDER
        return cls(
            runtime_python=Path(python) if python else None,
            directory=Path(directory),
            max_environments=int(_number(environ, "TIDINGS_LAMBDA_MAX_ENVIRONMENTS", 4, least=1)),
            max_total_environments=int(
                _number(environ, "TIDINGS_LAMBDA_MAX_TOTAL_ENVIRONMENTS", 64, least=1)
            ),
            keepalive_seconds=_number(environ, "TIDINGS_LAMBDA_KEEPALIVE_SECONDS", 600, least=1),
            wait_seconds=_number(environ, "TIDINGS_LAMBDA_WAIT_SECONDS", 10, least=0),
        )

    def host_settings(self) -> HostSettings:
        return HostSettings(
            interpreter=self.interpreter(),
            directory=self.directory,
            max_environments=self.max_environments,
            max_total_environments=self.max_total_environments,
            keepalive_seconds=self.keepalive_seconds,
            wait_seconds=self.wait_seconds,
        )

    def interpreter(self) -> Path:
        """Raises RuntimeMissingError with the one sentence that says what to set."""
        if self.runtime_python is None or not os.access(self.runtime_python, os.X_OK):
            raise RuntimeMissingError(
                "TIDINGS_RUNTIME_PYTHON must be the path of a Python 3.11 with awslambdaric and "
                f"boto3; it is {str(self.runtime_python or '')!r}"
            )
        return self.runtime_python


def _number(environ: Mapping[str, str], name: str, default: float, *, least: float) -> float:
    text = environ.get(name) or str(default)
    try:
        number = float(text)
    except ValueError:
        raise SettingError(f"{name} must be a number; it is {text!r}") from None
    if number < least:
        raise SettingError(f"{name} must be at least {least:g}; it is {text}")
    return number
