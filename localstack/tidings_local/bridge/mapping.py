"""An event source mapping of the Lambda API, with the fields that the bridge uses."""

import logging
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

logger = logging.getLogger(__name__)

# Lambda's documented defaults for Amazon MQ.
DEFAULT_BATCH_SIZE = 100
DEFAULT_WINDOW_SECONDS = 0.5

MQ_ARN = re.compile(r"arn:aws[\w-]*:mq:")  # also in the partitions aws-cn and aws-us-gov


class Mapping(BaseModel):
    """A queue, its function, and the size of batches."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    uuid: str = Field(validation_alias="UUID")
    event_source_arn: str = Field(validation_alias="EventSourceArn")
    function_arn: str = Field(validation_alias="FunctionArn", min_length=1)
    queues: tuple[str, ...] = Field(validation_alias="Queues", min_length=1, max_length=1)
    batch_size: int = Field(DEFAULT_BATCH_SIZE, validation_alias="BatchSize", ge=1, le=10_000)
    window_seconds: float = Field(
        DEFAULT_WINDOW_SECONDS, validation_alias="MaximumBatchingWindowInSeconds", ge=0, le=300
    )
    virtual_host: str | None = None
    has_filters: bool = False

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, entry: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in entry.items() if value is not None}
        if "FunctionArn" in given:
            given.setdefault("UUID", f"{given['FunctionArn']}:{given.get('Queues')}")
        return given | {
            "virtual_host": _virtual_host(given.get("SourceAccessConfigurations", [])),
            "has_filters": bool(given.get("FilterCriteria", {}).get("Filters")),
        }

    @property
    def queue(self) -> str:
        return self.queues[0]

    @property
    def function(self) -> str:
        """The function's name, with the alias or version if the mapping names one."""
        return self.function_arn.split(":function:")[-1]


def served(entries: Iterable[dict[str, Any]], state: str) -> list[Mapping]:
    """Return the Amazon MQ mappings in `state`; an unreadable one is logged and left out."""
    mappings = (_read(entry) for entry in entries if _is_served(entry, state))
    return [mapping for mapping in mappings if mapping]


def _is_served(entry: dict[str, Any], state: str) -> bool:
    is_mq = MQ_ARN.match(entry.get("EventSourceArn", ""))
    return bool(is_mq) and entry.get("State", state) == state


def _read(entry: dict[str, Any]) -> Mapping | None:
    try:
        return Mapping.model_validate(entry)
    except ValidationError as error:
        logger.error(
            "mapping cannot be read",
            extra={"mapping": entry.get("UUID"), "error": str(error.errors(include_url=False))},
        )
        return None


def _virtual_host(configurations: Iterable[dict[str, str]]) -> str | None:
    hosts = [item.get("URI") for item in configurations if item.get("Type") == "VIRTUAL_HOST"]
    return hosts[0] if hosts else None
