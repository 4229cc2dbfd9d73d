"""The settings from environment or `.env` file. No other module reads the environment."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import psutil
from pydantic import AfterValidator, AliasChoices, Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

import bootstrap
from tidings_local.service.settings import ENVIRONMENT_PREFIX, ServiceSettings

from .errors import LauncherError

ROOT = bootstrap.ROOT
STATE = bootstrap.STATE
CLOUDFORMATION_STACK = "tidings"
"""The name of CloudFormation's stack, with which the names of all resources begin."""
TEST_STACK = "test"
FAULT_STACK = "test-faults"
TEST_STACKS = (TEST_STACK, FAULT_STACK)
"""The stacks of `make test`; the fault tests break the second one."""
UNLIMITED = 1_000_000
"""The limits of the tests' stacks: their hundred customers share one machine."""

ARGUMENT_PREFIX = "TIDINGS_ARG_"
_BLANKS = " \t\n\v\f\r"

StackName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,29}$")]
SMTP_URL = r"^(smtp|smtp\+starttls|smtps)://\S+$"
MAIL_SERVER = r"(ses|([a-z][a-z0-9-]{0,19}=)?(smtp|smtp\+starttls|smtps)://\S+)"


def _names_differ(written: str) -> str:
    schemes = [each.partition("://")[0] for each in written.split()]
    names = [each.partition("=")[0] if "=" in each else each[:4] for each in schemes]
    if len(set(names)) < len(names):
        raise ValueError("two servers have the same name; write `name=` before a URL")
    return written


MailProviders = Annotated[
    str,
    StringConstraints(pattern=rf"^{MAIL_SERVER}( {MAIL_SERVER}){{0,3}}$"),
    AfterValidator(_names_differ),
]
_CAP = r"[a-z][a-z0-9._-]{0,63}\.(email|push|sms|webhook)=(off|[1-9][0-9]?/[1-9][0-9]?[hd])"
FREQUENCY_CAPS = f"^$|^{_CAP}(,{_CAP})*$"
_WAIT = r"[a-z][a-z0-9._-]{0,63}=(off|[1-9][0-9]{0,2}[mh])"
UNREAD_WAITS = f"^$|^{_WAIT}(,{_WAIT})*$"
MAIL_FROM = r"^([^<>@,;:\\\"\r\n]+<[!-;=?A-~]+@[!-;=?A-~]+>|[!-;=?A-~]+@[!-;=?A-~]+)$"
SMS_PROVIDERS = r"^sns(:[a-z0-9-]{1,30})?( sns(:[a-z0-9-]{1,30})?){0,3}$"
Engine = Literal["process", "docker"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
NO_LIMITS = "the stack `test` has no limit"

# Variables of the shell that services must not inherit: a real AWS profile, settings for another
# broker or another Python.
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


def _engine_of_environment() -> Engine:
    """Return the engine of `ENGINE=docker make up`. Other values belong to other programs."""
    return "docker" if os.environ.get("ENGINE") == "docker" else "process"


class Settings(ServiceSettings):
    """The variables `TIDINGS_<NAME>`, and three that other programs read too."""

    model_config = SettingsConfigDict(populate_by_name=True)

    stack: StackName = Field(
        default="local", description="the stack, which has ports and data of its own"
    )
    port_base: int = Field(default=4566, ge=1024, le=45000, description="the first port of `local`")
    mongodb_uri: str | None = Field(default=None, description="a MongoDB replica set to use")
    redis_url: str | None = Field(
        default=None, description="a Redis for sessions and limits to use; it must not evict"
    )
    cache_redis_url: str | None = Field(
        default=None, description="a Redis for data that may be lost to use"
    )
    amqp_url: str | None = Field(
        default=None, description="a RabbitMQ to use, with its virtual host"
    )
    smtp_url: Annotated[str, StringConstraints(pattern=SMTP_URL)] | None = Field(
        default=None, description="an SMTP server for mails; unset, LocalStack's SES stores them"
    )
    mail_providers: MailProviders | None = Field(
        default=None,
        description="the servers for mails in the order in which they are tried, separated by "
        "blanks: `ses`, or an SMTP URL with `name=` before it; instead of `TIDINGS_SMTP_URL`",
    )
    sms_providers: Annotated[str, StringConstraints(pattern=SMS_PROVIDERS)] = Field(
        default="sns",
        description="the providers of text messages in the order in which they are tried, separated"
        " by blanks: `sns`, or `sns:<region>`",
    )
    mail_from: Annotated[str, StringConstraints(pattern=MAIL_FROM)] = Field(
        default="Tidings <no-reply@tidings.example>", description="the sender of mails"
    )
    log_level: LogLevel = Field(
        default="INFO", description="the least level of the functions' log lines"
    )
    calls_per_minute: int = Field(
        default=6000,
        ge=0,
        description="API calls of one customer, operator or service; 0 for no limit; " + NO_LIMITS,
    )
    anonymous_calls_per_minute: int = Field(
        default=20_000,
        ge=0,
        description="API calls without an access token from one network address, times"
        " `TIDINGS_ADDRESS_ALLOWANCE`: a load test on this machine makes more than people do",
    )
    sends_per_minute: int = Field(
        default=1200, ge=1, description=f"messages that one caller may send; {NO_LIMITS}"
    )
    frequency_caps: Annotated[str, StringConstraints(pattern=FREQUENCY_CAPS)] = Field(
        default="",
        description="other limits of messages to a person, as"
        " `promotions.email=3/7d,promotions.push=off`",
    )
    unread_waits: Annotated[str, StringConstraints(pattern=UNREAD_WAITS)] = Field(
        default="",
        description="mails that are sent only to who has not read the message in the inbox, as"
        " `tasks=30m`",
    )
    basket_reminder_hours: int = Field(
        default=24, ge=1, le=720, description="after how many hours a customer is reminded"
    )
    address_allowance: int = Field(
        default=50,
        ge=1,
        description="factor for the limits per network address, because all clients on one machine"
        f" have the same one; {NO_LIMITS}",
    )
    # Off on AWS; here the API listens on the loopback only.
    introspection: bool = Field(
        default=True, description="whether GraphQL shows its schema; `false` by default on AWS"
    )
    trusted_documents: bool = Field(
        default=False,
        description="whether GraphQL runs only the operations of gateway/operations",
    )
    graphiql: bool = Field(
        default=True,
        description="whether browsers get GraphiQL at /graphql; `false` by default on AWS",
    )
    example_shop: bool = Field(
        default=True,
        description="whether browsers get the example shop at /shop; `false` by default on AWS",
    )
    open_metrics: bool = Field(
        default=True,
        description="whether anyone may read /metrics; `false` by default on AWS. Otherwise it"
        " needs the `metrics_token` of the stack's `secrets.json`",
    )
    engine: Engine = Field(
        default_factory=_engine_of_environment,
        validation_alias=AliasChoices(f"{ARGUMENT_PREFIX}ENGINE", "TIDINGS_ENGINE"),
        description="`docker` runs all services in containers ([docker.md](docker.md));"
        " also `make up ENGINE=docker` and `ENGINE=docker make up`",
    )
    lambda_executor: str = Field(
        default="process",
        validation_alias="LAMBDA_RUNTIME_EXECUTOR",
        description="`process`, or `docker`, which runs each function in a container",
    )
    lambda_max_environments: int | None = Field(
        default=None, description="the most processes of one function; unset: 4"
    )
    # AWS keeps an idle environment for some minutes. On a laptop, an order after a break should
    # not wait for four cold starts.
    lambda_keepalive_seconds: float = Field(
        default=3600, description="the time after which an idle process of a function ends"
    )
    front_door: Literal["runner", "localstack"] = Field(
        default="runner",
        description="`localstack`: calls of the API go through LocalStack, to compare",
    )
    debug_sample: float = Field(
        default=0, ge=0, le=1, description="the part of the functions' calls that log in detail"
    )
    traces: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = Field(
        default=None,
        description="the URL of a collector that gets the functions' [spans](tracing.md) by OTLP in"
        " JSON, such as `http://localhost:4318/v1/traces`",
    )
    localstack_log: str = Field(
        default="warning",
        validation_alias="LS_LOG",
        description="the least level of LocalStack's log",
    )

    @property
    def allowed_calls(self) -> int:
        """The calls of one user in a minute."""
        return UNLIMITED if self.stack in TEST_STACKS else self.calls_per_minute


class Options(BaseSettings):
    """The arguments of a make target: `make logs FN=gateway`.

    The Makefile passes them with this prefix. NAME, TIME or FILE themselves are not read, because
    other programs set them in the environment with another meaning.
    """

    model_config = SettingsConfigDict(
        env_prefix=ARGUMENT_PREFIX, env_ignore_empty=True, extra="ignore"
    )

    fn: str | None = None
    correlation: str | None = None
    follow: bool = False
    level: str | None = None
    service: str | None = None
    since: str | None = None
    until: str | None = None
    grep: str | None = None
    rule: str | None = None
    time: datetime | None = None
    name: str | None = None
    id: str | None = None
    kind: str | None = None
    team: str | None = None
    url: str | None = None
    actor: str | None = None
    email: str | None = None
    password: str | None = None
    promote: bool = False
    file: str | None = None
    force: bool = False
    pytest: str = ""
    t: str = ""
    compare: str | None = None
    data: str | None = None
    version: str | None = None
    domain: str | None = None
    role: str | None = None
    route: str | None = None
    returns: str | None = None
    reads: bool = False
    queue: str | None = None
    event: str | None = None
    schedule: str | None = None
    minutes: float = Field(default=30, gt=0)
    fuzz_seconds: int = Field(default=20, ge=1)


def load_settings(env_file: Path = ROOT / ".env") -> Settings:
    """Return the settings of the environment, and for missing ones those of the `.env` file.

    The stacks of the tests ignore the file: tests write any data, which must not reach a database
    with real work.
    """
    try:
        said = Settings()
        if said.stack in TEST_STACKS:
            return said
        return Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        raise LauncherError(_first_problem(error, ENVIRONMENT_PREFIX)) from None


def load_options() -> Options:
    try:
        options = Options()
    except ValidationError as error:
        raise LauncherError(_first_problem(error, "")) from None
    return options.model_copy(update=_with_leading_blanks(options, words_after_make()))


def _with_leading_blanks(options: Options, words: list[str]) -> dict[str, str]:
    """Return the options that begin with blanks on make's command line.

    make drops them before it reads a makefile; the rest of the value has to be the same.
    """
    given = options.model_dump(exclude_defaults=True)
    found = {}
    for word in words:
        name, _, typed = word.partition("=")
        kept = typed.lstrip(_BLANKS)
        if name.isupper() and kept != typed and kept == given.get(name.lower()):
            found[name.lower()] = typed
    return found


def words_after_make() -> list[str]:
    """Return the command line of the make that started this process, or nothing."""
    try:
        for parent in psutil.Process().parents():
            words = parent.cmdline()
            if words and Path(words[0]).name in {"make", "gmake"}:
                return words[1:]
    except psutil.Error:  # it has ended, or belongs to another user
        return []
    return []


def _first_problem(error: ValidationError, prefix: str) -> str:
    problem = error.errors(include_input=False)[0]
    # The place is a field, or the variable of a field with a name of its own.
    place = ".".join(map(str, problem["loc"]))
    name = place.removeprefix(ARGUMENT_PREFIX) if place.isupper() else f"{prefix}{place.upper()}"
    return f"{name} is not usable: {problem['msg']}"


def inherited_environment() -> dict[str, str]:
    """Return this process's environment without variables that would confuse a service."""
    kept = {name: value for name, value in os.environ.items() if _is_inherited(name)}
    return {"HOME": str(STATE), "PATH": os.defpath} | kept


def environment_of_launcher() -> dict[str, str]:
    """Return this process's environment for another launcher."""
    return dict(os.environ)


def _is_inherited(name: str) -> bool:
    return not name.startswith(_NOT_INHERITED_PREFIXES)
