"""The only module that reads the environment."""

import os
from functools import cache
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tidings.platform.mail_servers import mail_servers

ENVIRONMENT_PREFIX: Final = "TIDINGS_"


class BadSettings(Exception):
    """Variables have values that cannot be used; the message names each, without its value."""


class Settings(BaseModel):
    """The values of `TIDINGS_<NAME>` variables; URLs come from Secrets Manager unless set here."""

    # URLs contain credentials, so an error names the variable but not its value.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    secrets_prefix: str = Field("tidings", description="the first part of the names of secrets")
    database_prefix: str = Field(
        "tidings",
        pattern=r"^[a-z][a-z0-9_]{0,30}$",
        description="the first part of the names of databases",
    )
    mongodb_uri: str | None = Field(None, description="the MongoDB replica set")
    redis_url: str | None = Field(
        None, description="the Redis of sessions and limits, which never evicts"
    )
    cache_redis_url: str | None = Field(
        None, description="the Redis of data that may be lost; in tests the same by default"
    )
    amqp_url: str | None = Field(None, description="RabbitMQ, with its virtual host")
    anonymous_calls_per_minute: int = Field(
        600,
        ge=0,
        description="API calls without an access token from one network address, times "
        "`TIDINGS_ADDRESS_ALLOWANCE`; 0 for no limit",
    )
    calls_per_minute: int = Field(
        6000, ge=0, description="API calls of one customer; 0 for no limit"
    )
    operator_calls_per_minute: int = Field(
        6000, ge=0, description="API calls of one operator; 0 for no limit"
    )
    service_calls_per_minute: int = Field(
        6000, ge=0, description="API calls of one service; 0 for no limit"
    )
    sends_per_minute: int = Field(1200, ge=1, description="messages that one caller may send")
    address_allowance: int = Field(1, ge=1, description="factor for the limits per network address")
    phone_codes_per_hour: int = Field(
        5, ge=1, description="codes by text message to one person, and to one number"
    )
    phone_codes_per_range_per_hour: int = Field(
        20, ge=1, description="the same to numbers that differ in their last four digits"
    )
    sms_per_person_per_day: int = Field(20, ge=1, description="text messages to one person")
    sms_per_number_per_day: int = Field(20, ge=1, description="text messages to one number")
    sms_per_range_per_day: int = Field(
        200, ge=1, description="the same to numbers that differ in their last four digits"
    )
    sms_per_country_per_day: int = Field(
        5_000, ge=1, description="text messages to the numbers of one country"
    )
    sms_per_day: int = Field(20_000, ge=1, description="text messages in all")
    frequency_caps: str = Field(
        "",
        pattern=r"^$|^[a-z][a-z0-9._-]{0,63}\.(email|push|sms|webhook)=(off|[1-9][0-9]?/[1-9][0-9]?[hd])"
        r"(,[a-z][a-z0-9._-]{0,63}\.(email|push|sms|webhook)=(off|[1-9][0-9]?/[1-9][0-9]?[hd]))*$",
        description="other limits of messages to a person, as"
        " `promotions.email=3/7d,promotions.push=off` ([delivery](delivery.md#how-often))",
    )
    unread_waits: str = Field(
        "",
        pattern=r"^$|^[a-z][a-z0-9._-]{0,63}=(off|[1-9][0-9]{0,2}[mh])"
        r"(,[a-z][a-z0-9._-]{0,63}=(off|[1-9][0-9]{0,2}[mh]))*$",
        description="which mails wait until a message could be read in the inbox, as"
        " `tasks=30m,promotions=2h`",
    )
    basket_reminder_hours: int = Field(
        24, ge=1, le=720, description="after how many hours a customer is reminded of a basket"
    )
    audit_days: int = Field(
        400, ge=1, le=3_650, description="how long the audit trail keeps an entry"
    )
    audit_routine_days: int = Field(
        90, ge=1, le=3_650, description="the same for messages of the send API"
    )
    introspection: bool = Field(
        False, description="whether GraphQL shows its schema, and errors suggest its names"
    )
    trusted_documents: bool = Field(
        False, description="whether GraphQL runs only the operations of gateway/operations"
    )
    graphiql: bool = Field(False, description="whether browsers get GraphiQL at /graphql")
    example_shop: bool = Field(False, description="whether browsers get the example shop at /shop")
    open_metrics: bool = Field(False, description="whether anyone may read /metrics")
    cors_origins: str = Field(
        "",
        pattern=r"^(\*|https?://[^\s,]+(,https?://[^\s,]+)*)?$",
        description="origins whose pages may call GraphQL, separated by commas",
    )
    public_url: str = Field(
        "https://localhost:4566/_aws/execute-api/tidings/local",
        pattern=r"^https://[!-;=@-~]*[!-.0-;=@-~]$",
        max_length=500,
        description="the public URL of the API; links in mails begin with it",
    )
    delivery_key: str | None = Field(
        None,
        min_length=32,
        description="the key of links, webhook secrets, device tokens and the hashes of codes",
    )
    smtp_url: str | None = Field(
        None,
        pattern=r"^(smtp|smtp\+starttls|smtps)://\S+$",
        description="the SMTP server for mails; SES if it is not set",
    )
    mail_providers: str | None = Field(
        None,
        description="the servers for mails in the order in which they are tried, separated by "
        "blanks: `ses`, or an SMTP URL with `name=` before it; instead of `TIDINGS_SMTP_URL`",
    )
    sms_providers: str = Field(
        "sns",
        pattern=r"^sns(:[a-z0-9-]{1,30})?( sns(:[a-z0-9-]{1,30})?){0,3}$",
        description="the providers of text messages in the order in which they are tried, separated"
        " by blanks: `sns`, or `sns:<region>` for SNS in another AWS region",
    )
    mail_from: str = Field(
        "Tidings <no-reply@tidings.example>",
        pattern=r"^([^<>@,;:\\\"\r\n]+<[!-;=?A-~]+@[!-;=?A-~]+>|[!-;=?A-~]+@[!-;=?A-~]+)$",
        description="the sender of mails",
    )
    mail_configuration_set: str | None = Field(
        None, description="SES's configuration set, whose events report bounces and complaints"
    )
    ios_application: str | None = Field(None, description="SNS platform application of APNs")
    android_application: str | None = Field(
        None, description="SNS platform application of FCM, which also serves browsers"
    )
    metrics_namespace: str = Field(
        "Tidings", description="CloudWatch's namespace of our metrics; another one for each stack"
    )
    debug_sample: float = Field(
        0.0, ge=0, le=1, description="the part of all invocations that log in detail"
    )
    traces: str | None = Field(
        None,
        pattern=r"^(xray|https?://\S+)$",
        description="where spans are sent: `xray`, or the URL of a collector for OTLP in JSON; "
        "none are recorded if it is not set",
    )
    function_name: str = Field("local", description="AWS's own name of this function")

    @field_validator("mail_providers")
    @classmethod
    def _can_be_read(cls, written: str | None) -> str | None:
        if written is not None:
            mail_servers(written.split())
        return written


@cache
def settings() -> Settings:
    """Return the settings, read once.

    `pydantic-settings` is not used: its import would prolong each cold start
    (docs/decisions/0106).

    Raises:
        BadSettings: a variable is malformed.
    """
    values = {
        name: value
        for name, field in Settings.model_fields.items()
        if (value := os.environ.get(ENVIRONMENT_PREFIX + name.upper())) is not None
        # An unused template parameter arrives as an empty text.
        and (value or field.default is not None)
    }
    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
    try:
        return Settings.model_validate({"function_name": function_name} | values)
    except ValidationError as error:
        raise BadSettings(_problems(error)) from None


def aws_variable(*names: str) -> str | None:
    """Return the first of AWS's own variables that is set and not empty."""
    return next((value for name in names if (value := os.environ.get(name))), None)


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{ENVIRONMENT_PREFIX}{str(each['loc'][0]).upper()}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False)
    )
