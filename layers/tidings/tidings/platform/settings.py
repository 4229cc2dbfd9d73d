"""The one place that reads the environment."""

import os
from functools import cache
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

ENVIRONMENT_PREFIX: Final = "TIDINGS_"


class Settings(BaseModel):
    """What `TIDINGS_<NAME>` variables say; URLs come from Secrets Manager unless set here."""

    # URLs carry credentials: an error names the variable, never its value.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    connections_secret: str = "tidings/connections"
    signing_keys_secret: str = "tidings/signing-keys"
    database_prefix: str = Field("tidings", pattern=r"^[a-z][a-z0-9_]{0,30}$")
    mongodb_uri: str | None = None
    redis_url: str | None = None
    amqp_url: str | None = None
    calls_per_minute: int = Field(6000, ge=1, description="API calls of one user")
    sends_per_minute: int = Field(1200, ge=1, description="messages that one caller may send")
    address_allowance: int = Field(
        1, ge=1, description="how many times the limits per network address"
    )
    introspection: bool = Field(True, description="whether GraphQL tells its schema")
    graphiql: bool = Field(True, description="whether browsers get GraphiQL at /graphql")
    cors_origins: str = Field(
        "",
        pattern=r"^(\*|https?://[^\s,]+(,https?://[^\s,]+)*)?$",
        description="origins whose pages may call GraphQL, with commas between them",
    )
    public_url: str = Field(
        "https://localhost:4566/_aws/execute-api/tidings/local",
        pattern=r"^https://[^\s]+[^\s/]$",
        description="where people reach the API; links in mails begin with it",
    )
    delivery_key: str | None = Field(None, min_length=32)
    smtp_url: str | None = Field(
        None,
        pattern=r"^(smtp|smtp\+starttls|smtps)://\S+$",
        description="the server that takes mails; SES where there is none",
    )
    mail_from: str = Field(
        "Tidings <no-reply@tidings.example>",
        pattern=r"^([^<>@,;:\\\"\r\n]+<[!-;=?A-~]+@[!-;=?A-~]+>|[!-;=?A-~]+@[!-;=?A-~]+)$",
        description="who mails come from",
    )
    mail_configuration_set: str | None = Field(
        None, description="SES's configuration set, whose events say what becomes of a mail"
    )
    ios_application: str | None = Field(None, description="SNS platform application of APNs")
    android_application: str | None = Field(
        None, description="SNS platform application of FCM, which also serves browsers"
    )
    function_name: str = Field("local", description="AWS's own name of this function")


@cache
def settings() -> Settings:
    """Return the settings, read once.

    Raises:
        pydantic.ValidationError: a variable is malformed; the message names it.
    """
    values = {
        name: value
        for name, field in Settings.model_fields.items()
        if (value := os.environ.get(ENVIRONMENT_PREFIX + name.upper())) is not None
        # A parameter of the template that is not used arrives as an empty text.
        and (value or field.default is not None)
    }
    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
    return Settings.model_validate({"function_name": function_name} | values)
