"""The base of the settings of local services, read by pydantic-settings."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT_PREFIX = "TIDINGS_"
# Variables without the prefix.
_WHOLE_NAMES = (ENVIRONMENT_PREFIX, "AWS_")

LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(str.upper)
]


class ServiceSettings(BaseSettings):
    """Settings from the variables `TIDINGS_<NAME>`; an empty variable counts as unset."""

    # Errors hide the values, because URLs contain passwords.
    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Return the settings from the environment; `given` values take precedence.

        Raises:
            pydantic.ValidationError: a value is missing or malformed; see `describe`.
        """
        return cls(**given)


def describe(error: ValidationError) -> str:
    """Return the problems of the environment in one line: variables and reasons, no values."""
    return "; ".join(
        f"{_variable(item['loc'])}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_input=False, include_url=False)
    )


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]).upper() if location else "settings"
    return name if name.startswith(_WHOLE_NAMES) else f"{ENVIRONMENT_PREFIX}{name}"
