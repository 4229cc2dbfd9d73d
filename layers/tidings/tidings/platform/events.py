"""Events as values: CloudEvents 1.0 (https://github.com/cloudevents/spec) in JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import from_json

from tidings.platform.clock import new_event_id, now
from tidings.platform.context import causation_id, correlation_id

# Printable ASCII: ids travel in AMQP properties, which hold 255 bytes.
EventId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]


class EventData(BaseModel):
    """The payload of an event. Unknown fields are ignored, so that producers may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


# Every class of events that has been imported, by its type.
EVENT_CLASSES: Final[dict[str, type["Event"]]] = {}


class Event(BaseModel):
    """What happened, once. Subclasses fix `type` and `source`, and type `data`."""

    EXCHANGE: ClassVar[str] = "user-events"

    # What is malformed is logged without its content, which may be personal or a code.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    specversion: Literal["1.0"] = "1.0"
    id: EventId = Field(default_factory=new_event_id)
    source: str
    type: str
    time: datetime = Field(default_factory=now)
    subject: EventId = Field(description="id of the document that the event is about")
    datacontenttype: Literal["application/json"] = "application/json"
    correlationid: EventId | None = Field(
        default_factory=correlation_id,
        description="id of the request that started it all",
    )
    causationid: EventId | None = Field(
        default_factory=causation_id, description="id of the event that led to this one"
    )
    data: EventData

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if isinstance(cls.model_fields["type"].default, str):  # Command has none of its own
            EVENT_CLASSES[cls.event_type()] = cls

    @classmethod
    def event_type(cls) -> str:
        """Return the `type` of this class of events."""
        default = cls.model_fields["type"].default
        assert isinstance(default, str), f"{cls.__name__} has no type"
        return default

    @classmethod
    def routing_keys(cls) -> tuple[str, ...]:
        """Return every key under which its exchange may get it."""
        return (cls.event_type(),)

    @property
    def routing_key(self) -> str:
        """The key under which its exchange gets this one."""
        return self.type


class Malformed(Exception):
    """A message is no event that is known where it came; trying again cannot help."""


def decoded(body: bytes, known: Mapping[str, type[Event]]) -> Event:
    """Return the event in a message's body.

    Raises:
        Malformed: it is none of a known type.
    """
    try:
        # Not json.loads, which takes halves of surrogate pairs: nothing can store them.
        content = from_json(body, allow_inf_nan=False)
        return known[content["type"]].model_validate(content)
    except ValueError as error:  # pydantic's are such, too
        raise Malformed(str(error)) from error
    except (KeyError, TypeError) as error:
        raise Malformed(f"not an event that is known here: {error!r}") from error


class Command(Event):
    """What one queue's consumer is asked to do, rather than what happened.

    It travels like an event, through the direct exchange; its type says `<noun>.<verb>`.
    Subclasses list their `ROUTING_KEYS`; one with several overrides `routing_key`.
    """

    EXCHANGE: ClassVar[str] = "notifications.direct"
    ROUTING_KEYS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def routing_keys(cls) -> tuple[str, ...]:
        return cls.ROUTING_KEYS

    @property
    def routing_key(self) -> str:
        (key,) = self.ROUTING_KEYS
        return key
