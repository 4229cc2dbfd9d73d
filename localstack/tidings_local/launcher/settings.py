"""What a person can set, by environment or by a `.env` file. Nothing else reads the environment."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import LauncherError

ROOT = Path(__file__).resolve().parents[3]
STATE = ROOT / ".tidings"
TEST_STACK = "test"

StackName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,29}$")]
SMTP_URL = r"^(smtp|smtp\+starttls|smtps)://\S+$"
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

# What a service of ours must not take over from the shell it was started in: a real AWS
# profile, settings meant for another broker or another Python.
_NOT_INHERITED_PREFIXES = (
    "AWS_",
    "TIDINGS_",
    "RABBITMQ_",
    "ERL_",
    "PYTHON",
    "VIRTUAL_ENV",
    "MAKE",
    "MFLAGS",
)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", populate_by_name=True)

    stack: StackName = Field(default="local", validation_alias="TIDINGS_STACK")
    port_base: int = Field(default=4566, ge=1024, le=45000, validation_alias="TIDINGS_PORT_BASE")
    mongodb_uri: str | None = Field(default=None, validation_alias="TIDINGS_MONGODB_URI")
    redis_url: str | None = Field(default=None, validation_alias="TIDINGS_REDIS_URL")
    amqp_url: str | None = Field(default=None, validation_alias="TIDINGS_AMQP_URL")
    # The server that takes mails; LocalStack's SES, which keeps them, where there is none.
    smtp_url: Annotated[str, StringConstraints(pattern=SMTP_URL)] | None = Field(
        default=None, validation_alias="TIDINGS_SMTP_URL"
    )
    mail_from: str = Field(
        default="Tidings <no-reply@tidings.example>", validation_alias="TIDINGS_MAIL_FROM"
    )
    log_level: LogLevel = Field(default="INFO", validation_alias="TIDINGS_LOG_LEVEL")
    calls_per_minute: int = Field(default=6000, ge=1, validation_alias="TIDINGS_CALLS_PER_MINUTE")
    sends_per_minute: int = Field(default=1200, ge=1, validation_alias="TIDINGS_SENDS_PER_MINUTE")
    # On one machine everybody has the same address.
    address_allowance: int = Field(default=50, ge=1, validation_alias="TIDINGS_ADDRESS_ALLOWANCE")
    engine: Literal["process", "docker"] = Field(default="process", validation_alias="ENGINE")
    lambda_executor: str = Field(default="process", validation_alias="LAMBDA_RUNTIME_EXECUTOR")
    lambda_max_environments: int | None = Field(
        default=None, validation_alias="TIDINGS_LAMBDA_MAX_ENVIRONMENTS"
    )
    # An hour, where AWS keeps an idle environment for some minutes: on a laptop the next
    # order after a coffee break should not wait for four cold starts.
    lambda_keepalive_seconds: float = Field(
        default=3600, validation_alias="TIDINGS_LAMBDA_KEEPALIVE_SECONDS"
    )
    localstack_log: str = Field(default="warning", validation_alias="LS_LOG")


class Options(BaseSettings):
    """What is said behind a make target: `make logs FN=gateway`."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    fn: str | None = None
    correlation: str | None = None
    follow: bool = False
    rule: str | None = None
    time: datetime | None = None
    name: str | None = None
    id: str | None = None
    email: str | None = None
    password: str | None = None
    file: str | None = None
    force: bool = False
    pytest: str = ""
    t: str = ""
    version: str | None = None


def load_settings(env_file: Path = ROOT / ".env") -> Settings:
    """What the environment says; where it is silent, what the `.env` file says.

    The stack of the tests takes nothing from the file: they write what they like, which must
    not reach a database that somebody works with.
    """
    try:
        said = Settings()
        if said.stack == TEST_STACK:
            return said
        return Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        raise LauncherError(_first_problem(error)) from None


def load_options() -> Options:
    try:
        return Options()
    except ValidationError as error:
        raise LauncherError(_first_problem(error)) from None


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc'])).upper()} is not usable: {problem['msg']}"


def inherited_environment() -> dict[str, str]:
    """This process's environment without what would confuse a service."""
    kept = {name: value for name, value in os.environ.items() if _is_inherited(name)}
    return {"HOME": str(STATE), "PATH": os.defpath} | kept


def _is_inherited(name: str) -> bool:
    return not name.startswith(_NOT_INHERITED_PREFIXES) and name.lower() not in Options.model_fields
