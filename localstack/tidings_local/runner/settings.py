"""The runner's settings, from environment variables."""

from pathlib import Path
from typing import Literal

from pydantic import Field, FilePath, HttpUrl

from tidings_local.lambda_host.host import HostSettings
from tidings_local.service.settings import LogLevel, ServiceSettings


class RunnerSettings(ServiceSettings):
    log_level: LogLevel = "INFO"
    runner_socket: Path
    """The address of the runner for LocalStack, the bridge and the launcher."""
    public_host: str = "127.0.0.1"
    public_port: int = Field(default=4566, ge=0, le=65535)
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """The port of `GET /metrics` and `GET /health`."""
    functions_log: Path | None = None
    """The file that gets the functions' log lines, beside CloudWatch."""
    localstack_url: HttpUrl
    """The address of LocalStack itself."""
    live_url: HttpUrl | None = None
    """The address of the server of the live inbox."""
    certificate: FilePath | None = None
    """Key and certificate of HTTPS, in one file."""
    front_door: Literal["runner", "localstack"] = "runner"
    """Whether the runner or LocalStack answers calls of deployed REST APIs."""
    runtime_python: FilePath
    """A Python 3.11 with awslambdaric and boto3."""
    lambda_dir: Path
    """The folder of unpacked packages and the functions' TMPDIRs."""
    events_file: Path
    """The file in which asynchronous calls are stored."""
    lambda_max_environments: int = Field(default=4, ge=1)
    lambda_max_total_environments: int = Field(default=64, ge=1)
    lambda_keepalive_seconds: float = Field(default=600, ge=1)
    lambda_wait_seconds: float = Field(default=10, ge=0)

    @property
    def endpoint(self) -> str:
        """LocalStack's URL, without a slash at its end."""
        return str(self.localstack_url).rstrip("/")

    @property
    def upstream(self) -> tuple[str, int]:
        """Host and port of LocalStack."""
        return self.localstack_url.host or "127.0.0.1", self.localstack_url.port or 80

    @property
    def live(self) -> tuple[str, int] | None:
        """Host and port of the server of the live inbox."""
        if self.live_url is None:
            return None
        return self.live_url.host or "127.0.0.1", self.live_url.port or 80

    def host_settings(self) -> HostSettings:
        return HostSettings(
            interpreter=self.runtime_python,
            directory=self.lambda_dir,
            max_environments=self.lambda_max_environments,
            max_total_environments=self.lambda_max_total_environments,
            keepalive_seconds=self.lambda_keepalive_seconds,
            wait_seconds=self.lambda_wait_seconds,
        )
