"""Everything that can be set from outside. Credentials and region of AWS are boto3's to read."""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import pika
from pydantic import (
    BeforeValidator,
    Field,
    FilePath,
    HttpUrl,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT_PREFIX = "TIDINGS_"
HEARTBEAT_SECONDS = 30

LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(str.upper)
]


class BrokerSettings(BaseSettings):
    """The broker, for whatever needs nothing else."""

    # Input is hidden, since it holds the broker's password.
    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, hide_input_in_errors=True)

    amqp_url: SecretStr

    @classmethod
    def read(cls, **given: Any) -> Self:
        """From the environment, except for what is given."""
        return cls(**given)

    @field_validator("amqp_url")
    @classmethod
    def _speaks_amqp(cls, url: SecretStr) -> SecretStr:
        if not is_amqp_url(url.get_secret_value()):
            raise ValueError("expected amqp://user:password@host:port/virtual-host")
        return url


class BridgeSettings(BrokerSettings):
    log_level: LogLevel = "INFO"
    aws_endpoint_url: HttpUrl | None = Field(default=None, validation_alias="AWS_ENDPOINT_URL")
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


def describe(error: ValidationError) -> str:
    """What is wrong with the environment, in one line and without the values."""
    return "; ".join(
        f"{_variable(item['loc'])}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_input=False, include_url=False)
    )


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]).upper() if location else "settings"
    return name if name.startswith("AWS_") else f"{ENVIRONMENT_PREFIX}{name}"
