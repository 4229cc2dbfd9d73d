"""Build the event that Lambda sends for Amazon MQ, by "Using Lambda with Amazon MQ"."""

import base64
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pika.spec import BasicProperties

# Lambda's limit of a synchronous invocation's payload.
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024

# Not strftime: its month names depend on the process's locale.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class UnencodableMessageError(ValueError):
    """The message cannot be represented in a Lambda event."""


class Envelope:
    """The event around the records of one queue; a record is encoded once, on arrival."""

    def __init__(self, event_source_arn: str, queue: str, virtual_host: str) -> None:
        arn, key = json.dumps(event_source_arn), json.dumps(f"{queue}::{virtual_host}")
        opening = f'{{"eventSource":"aws:rmq","eventSourceArn":{arn},"rmqMessagesByQueue":{{{key}:['
        self._opening = opening.encode()
        self._closing = b"]}}"

    @property
    def room_bytes(self) -> int:
        """Return the number of bytes of records, including commas, that fit into one invocation."""
        return MAX_PAYLOAD_BYTES - len(self._opening) - len(self._closing)

    def enclose(self, records: Sequence[bytes]) -> bytes:
        return self._opening + b",".join(records) + self._closing


def encode_record(properties: BasicProperties, redelivered: bool, body: bytes) -> bytes:
    """Return a record as JSON.

    It raises only UnencodableMessageError, because any other error for one message would end its
    whole queue.
    """
    try:
        record = {
            "basicProperties": basic_properties(properties, len(body)),
            "redelivered": redelivered,
            "data": base64.b64encode(body).decode("ascii"),
        }
        return json.dumps(record, separators=(",", ":")).encode()
    except TypeError as error:  # pika leaves a text that is not UTF-8 as bytes
        raise UnencodableMessageError("a property is not text") from error
    except RecursionError as error:
        raise UnencodableMessageError("headers are nested too deep") from error


def basic_properties(properties: BasicProperties, body_size: int) -> dict[str, Any]:
    headers = properties.headers
    return {
        "contentType": properties.content_type,
        "contentEncoding": properties.content_encoding,
        "headers": None if headers is None else header_value(headers),
        "deliveryMode": properties.delivery_mode,
        "priority": properties.priority,
        "correlationId": properties.correlation_id,
        "replyTo": properties.reply_to,
        "expiration": properties.expiration,
        "messageId": properties.message_id,
        "timestamp": _timestamp(properties.timestamp),
        "type": properties.type,
        "userId": properties.user_id,
        "appId": properties.app_id,
        "clusterId": properties.cluster_id,
        "bodySize": body_size,
    }


def header_value(value: Any) -> Any:
    """Convert a header: strings as bytes, numbers unchanged, nested values in the same way."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return {"bytes": list(value.encode())}
        case bytes():
            return {"bytes": list(value)}
        case float() | Decimal() if math.isfinite(value):
            return float(value)
        case datetime():
            return _date_text(value)
        case list():
            return [header_value(item) for item in value]
        case dict():
            return {str(name): header_value(item) for name, item in value.items()}
    raise UnencodableMessageError(f"header of type {type(value).__name__}")


def _timestamp(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    try:
        return _date_text(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError) as error:
        raise UnencodableMessageError(f"timestamp {seconds} is not in seconds") from error


def _date_text(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    clock = f"{utc.hour % 12 or 12}:{utc:%M:%S} {'AM' if utc.hour < 12 else 'PM'}"
    return f"{MONTHS[utc.month - 1]} {utc.day}, {utc.year}, {clock}"
