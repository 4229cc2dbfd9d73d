"""The bridge's settings. boto3 reads the credentials and the region of AWS."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pika
from pydantic import (
    Field,
    FilePath,
    HttpUrl,
    SecretStr,
    field_validator,
)

from tidings_local.service.settings import LogLevel, ServiceSettings

HEARTBEAT_SECONDS = 30


class BrokerSettings(ServiceSettings):
    """The settings of programs that need only the broker."""

    amqp_url: SecretStr

    @field_validator("amqp_url")
    @classmethod
    def _speaks_amqp(cls, url: SecretStr) -> SecretStr:
        if not is_amqp_url(url.get_secret_value()):
            raise ValueError("expected amqp://user:password@host:port/virtual-host")
        return url


class BridgeSettings(BrokerSettings):
    log_level: LogLevel = "INFO"
    aws_endpoint_url: HttpUrl | None = Field(default=None, validation_alias="AWS_ENDPOINT_URL")
    # The runner of the same machine; if unset, functions are called by the Lambda API, as on AWS.
    runner_socket: Path | None = None
    bridge_host: str = "127.0.0.1"
    bridge_port: int = Field(default=4571, ge=0, le=65535)
    bridge_concurrency: int = Field(default=1, ge=1, le=1000)
    bridge_drain_seconds: float = Field(default=25.0, ge=0)
    bridge_poll_seconds: float = Field(default=2.0, gt=0)
    bridge_max_prefetch: int = Field(default=2000, ge=1, le=65535)
    # In front of real AWS the mappings are deployed disabled, so that AWS does not poll too.
    bridge_serves: Literal["Enabled", "Disabled"] = "Enabled"
    bridge_mappings_file: FilePath | None = None


def is_amqp_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("amqp", "amqps") or not parts.hostname or parts.port == 0:
            return False
        pika.URLParameters(url)
    except ValueError:
        return False
    return True


def connection_parameters(url: SecretStr, name: str) -> pika.URLParameters:
    """Return the parameters of a connection; `rabbitmqctl list_connections` shows its `name`."""
    text = url.get_secret_value()
    parameters = pika.URLParameters(text)
    parameters.client_properties = {"connection_name": name}
    parameters.connection_attempts = 1
    parameters.socket_timeout = 5
    parameters.stack_timeout = 10
    if "heartbeat=" not in text:
        parameters.heartbeat = HEARTBEAT_SECONDS
    return parameters
