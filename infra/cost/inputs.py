"""The inputs of the model: prices, measured work, and the capacity of each part."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field

FOLDER: Final = Path(__file__).parent

Positive = Annotated[float, Field(gt=0)]
Amount = Annotated[float, Field(ge=0)]


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(Input):
    """A price in US dollars, with its source."""

    dollars: Amount
    source: str
    checked: date
    verified: bool = True


class Work(Input):
    """Own CPU time in milliseconds and database commands of one message."""

    cpu_ms: Positive
    commands: Amount


class Function(Input):
    """A function's work for one order; `times` is the number of its messages or requests."""

    times: int
    request: bool = False
    queue: str | None = None
    wait_ms: Amount = 0.0
    by_batch: dict[int, Work]

    def batch(self, most: int) -> int:
        """Return the largest measured batch of at most `most` messages."""
        return max(size for size in self.by_batch if size <= most)


class Assumed(Input):
    """Assumed figures of an order, except where the name says otherwise."""

    vcpu_memory_mb: Positive
    command_wait_ms: Amount
    messages: Amount
    redis_commands: Amount
    pushes: Amount
    stored_kb: Amount
    log_kb: Amount
    nat_kb: Amount
    answer_kb: Amount
    secrets: int
    public_addresses: int
    endpoint_zones: int
    web_acl_rules: int


class Measured(Input):
    date: date
    source: str
    functions: dict[str, Function]
    memory_mb: int
    assumed: Assumed


class Part(Input):
    """A part that grows; `price` is for one node and hour."""

    unit: str
    capacity: Positive
    source: str
    then: str
    price: str | None = None
    nodes: int = 1


class Load(Input):
    orders: Positive
    batch: int


class Capacity(Input):
    loads: list[Load]
    queue_then: str
    parts: dict[str, Part]


@cache
def prices() -> dict[str, Price]:
    return {name: Price.model_validate(each) for name, each in _read("prices").items()}


@cache
def measured() -> Measured:
    return Measured.model_validate(_read("measured"))


@cache
def capacity() -> Capacity:
    return Capacity.model_validate(_read("capacity"))


def _read(name: str) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return found
