"""The server's own settings, from environment variables; the application's are read by it."""

from typing import Any, Self

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class LiveSettings(BaseSettings):
    """The values of `TIDINGS_LIVE_<NAME>` variables; an empty variable counts as unset."""

    model_config = SettingsConfigDict(
        env_prefix="TIDINGS_LIVE_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = "127.0.0.1"
    port: int = Field(default=4580, ge=0, le=65535)
    # Of one person on this server. One more closes the oldest.
    streams_per_person: int = Field(default=10, ge=1)
    # Of all people on this server. One more is refused.
    streams: int = Field(default=5_000, ge=1)
    heartbeat_seconds: float = Field(default=15, gt=0)
    # The interval of looking for what signals did not tell; shorter while there are no signals.
    catch_up_seconds: float = Field(default=30, gt=0)
    catch_up_seconds_without_signals: float = Field(default=5, gt=0)
    # A client that accepts no byte for this time is disconnected.
    send_seconds: float = Field(default=10, gt=0)

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Return the settings from the environment; `given` values take precedence.

        Raises:
            pydantic.ValidationError: a value is malformed.
        """
        return cls(**given)
