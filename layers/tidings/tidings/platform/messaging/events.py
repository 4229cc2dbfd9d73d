"""Events as values: CloudEvents 1.0 (https://github.com/cloudevents/spec) in JSON."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import from_json

from tidings.platform import tracing
from tidings.platform.context import causation_id, correlated, correlation_id
from tidings.platform.timing.clock import new_event_id, now

# Printable ASCII, because ids are sent in AMQP properties, which hold 255 bytes.
EventId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]


@dataclass(frozen=True)
class OneTimeCode:
    """Marks a field of an event that contains a one-time code; `purpose` says what the code is for.

    Use it as `Annotated[str, OneTimeCode("password-reset")]`. Code that stores or shows events
    finds the codes by this mark.
    """

    purpose: str


class EventData(BaseModel):
    """The payload of an event. Unknown fields are ignored, so producers may add fields."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


# Every event class that has been imported, by its type.
EVENT_CLASSES: Final[dict[str, type["Event"]]] = {}


class Event(BaseModel):
    """A fact that happened once. Subclasses fix `type` and `source`, and give `data` a type."""

    EXCHANGE: ClassVar[str] = "user-events"

    # A malformed event is logged without its content, which may be personal or a code.
    # A function uses a few of the events that it imports, so each is built at its first use.
    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True
    )

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
    traceparent: str | None = Field(
        default_factory=tracing.traceparent,
        description="the span that made the event (CloudEvents' extension for W3C Trace Context)",
    )
    data: EventData

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if isinstance(cls.model_fields["type"].default, str):  # Command itself has no type
            EVENT_CLASSES[cls.event_type()] = cls

    @classmethod
    def event_type(cls) -> str:
        """Return the `type` of this event class."""
        default = cls.model_fields["type"].default
        assert isinstance(default, str), f"{cls.__name__} has no type"
        return default

    @classmethod
    def code_fields(cls) -> dict[str, str]:
        """Return the fields of `data` that contain one-time codes, with the purpose of each."""
        data = cls.model_fields["data"].annotation
        assert isinstance(data, type)
        assert issubclass(data, EventData)
        return {
            name: mark.purpose
            for name, field in data.model_fields.items()
            for mark in field.metadata
            if isinstance(mark, OneTimeCode)
        }

    @classmethod
    def routing_keys(cls) -> tuple[str, ...]:
        """Return every routing key that events of this class may have."""
        return (cls.event_type(),)

    @property
    def routing_key(self) -> str:
        """The routing key of this event."""
        return self.type


def code_purposes() -> dict[str, str]:
    """Return the fields of all imported events that contain one-time codes, with their purposes."""
    return {
        name: purpose
        for each in EVENT_CLASSES.values()
        for name, purpose in each.code_fields().items()
    }


def handling(event: Event) -> AbstractContextManager[None]:
    """Give logs, events and documents in this context the correlation id of an event.

    The event is the cause of the events that are made here.
    """
    correlation = correlated(event.correlationid, event.id, event.type)
    return tracing.handling(event, correlation) if tracing.is_on() else correlation


class Failure(NamedTuple):
    """An event that failed alone when it was handled together with others."""

    event: Event
    error: Exception


class Malformed(Exception):
    """The message is not an event of a type that its consumer knows; a retry cannot help."""


def decoded(body: bytes, known: Mapping[str, type[Event]]) -> Event:
    """Return the event in a message's body.

    Raises:
        Malformed: the body is not a valid event of a known type.
    """
    try:
        # json.loads would accept half a surrogate pair, which nothing can store.
        content = from_json(body, allow_inf_nan=False)
        return known[content["type"]].model_validate(content)
    except ValueError as error:  # pydantic's ValidationError is one, too
        raise Malformed(str(error)) from error
    except (KeyError, TypeError) as error:
        raise Malformed(f"the event's type is unknown here: {error!r}") from error


class Command(Event):
    """A request to the consumer of one queue, not a fact.

    It is sent like an event, but through the direct exchange. Its type has the form
    `<noun>.<verb>`. Subclasses list their `ROUTING_KEYS`; a subclass with several overrides
    `routing_key`.
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
