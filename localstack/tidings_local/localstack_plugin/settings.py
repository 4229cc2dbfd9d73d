"""The settings of the plugin, from LocalStack's environment."""

import os
import tempfile
from pathlib import Path

from pydantic import Field

from tidings_local.lambda_host import RuntimeMissingError
from tidings_local.service.settings import ServiceSettings


class SettingError(ValueError):
    """A variable has an unusable value."""


class PluginSettings(ServiceSettings):
    """Nothing is required: with Docker as the executor, LocalStack needs no runner."""

    runtime_python: Path | None = None
    lambda_dir: Path = Field(default_factory=lambda: Path(tempfile.gettempdir()) / "tidings-lambda")
    runner_socket: Path | None = None
    any_interface: bool = False
    """Whether LocalStack listens beyond the loopback: only in a container, whose network has no
    other members than this stack's."""

    def interpreter(self) -> Path:
        """Return the Python that runs the functions.

        Raises:
            RuntimeMissingError: the variable is not set, or is not the path of a program.
        """
        if self.runtime_python is None or not os.access(self.runtime_python, os.X_OK):
            raise RuntimeMissingError(
                "TIDINGS_RUNTIME_PYTHON must be the path of a Python 3.11 with awslambdaric and "
                f"boto3; it is {str(self.runtime_python or '')!r}"
            )
        return self.runtime_python

    def socket(self) -> Path:
        """Return the path of the runner's socket.

        Raises:
            SettingError: the variable is not set.
        """
        if self.runner_socket is None:
            raise SettingError("TIDINGS_RUNNER_SOCKET must be the path of the runner's socket")
        return self.runner_socket
