"""Everything that can be set from outside. Credentials and region of AWS are boto3's to read."""

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
    # Functions of the same machine are called by it; without it by the Lambda API, as on AWS.
    runner_socket: Path | None = None
    bridge_host: str = "127.0.0.1"
    bridge_port: int = Field(default=4571, ge=0, le=65535)
    bridge_concurrency: int = Field(default=1, ge=1, le=1000)
    bridge_drain_seconds: float = Field(default=25.0, ge=0)
    bridge_poll_seconds: float = Field(default=2.0, gt=0)
    bridge_max_prefetch: int = Field(default=2000, ge=1, le=65535)
    # In front of real AWS the mappings are deployed disabled, so that AWS does not poll as well.
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
    """How to reach the broker; `name` is what `rabbitmqctl list_connections` shows."""
    text = url.get_secret_value()
    parameters = pika.URLParameters(text)
    parameters.client_properties = {"connection_name": name}
    parameters.connection_attempts = 1
    parameters.socket_timeout = 5
    parameters.stack_timeout = 10
    if "heartbeat=" not in text:
        parameters.heartbeat = HEARTBEAT_SECONDS
    return parameters
