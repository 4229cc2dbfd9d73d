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
    function_name: str = Field("local", description="AWS's own name of this function")


@cache
def settings() -> Settings:
    """Return the settings, read once.

    Raises:
        pydantic.ValidationError: a variable is malformed; the message names it.
    """
    values = {
        name: os.environ[ENVIRONMENT_PREFIX + name.upper()]
        for name in Settings.model_fields
        if ENVIRONMENT_PREFIX + name.upper() in os.environ
    }
    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
    return Settings.model_validate({"function_name": function_name} | values)
