"""Edit payloads before a redrive.

An edit may only change fields that the operator could also change directly: the title of a product
or a task, the reason of a cancellation, the carrier of a parcel. Each such field has a row here;
all others do not change. A message that cannot be read is not editable: that would forge an event.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ConfigDict
from pydantic_core import from_json

from tidings.monitoring.errors import ChangesRefused
from tidings.monitoring.forecasts import event_class_of
from tidings.orders.events import OrderCancelled, OrderStatusChanged
from tidings.orders.schemas import Carrier, Reason, TrackingNumber
from tidings.platform.inputs.parsing import InvalidFields, parsed
from tidings.platform.messaging.events import Event
from tidings.platform.schema import Schema
from tidings.platform.text.cuts import cut
from tidings.platform.text.masking import MASK
from tidings.products.events import ProductBackInStock, ProductOutOfStock, ProductPriceDropped
from tidings.products.fields import Text as ProductTitle
from tidings.tasks.events import TaskCreated, TaskDeleted, TaskDue, TaskUpdated
from tidings.tasks.schemas import Title as TaskTitle


class Edit(Schema):
    """The editable fields of an event's data, with their limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProductEdit(Edit):
    title: ProductTitle


class TaskEdit(Edit):
    title: TaskTitle


class CancellationEdit(Edit):
    reason: Reason


class ShipmentEdit(Edit):
    carrier: Carrier | None = None
    tracking_number: TrackingNumber | None = None


EDITS: Final[Mapping[type[Event], type[Edit]]] = {
    ProductOutOfStock: ProductEdit,
    ProductBackInStock: ProductEdit,
    ProductPriceDropped: ProductEdit,
    TaskCreated: TaskEdit,
    TaskUpdated: TaskEdit,
    TaskDeleted: TaskEdit,
    TaskDue: TaskEdit,
    OrderCancelled: CancellationEdit,
    OrderStatusChanged: ShipmentEdit,
}


def edited(body: bytes, changes: str) -> bytes:
    """Return a payload with changes (JSON merge patch, RFC 7396) to its editable fields.

    Raises:
        ChangesRefused: the changes are not a patch, concern another field, or make no valid event.
    """
    patch, before = _object_of(changes), _object_of(body)
    if patch is None:
        raise ChangesRefused("The changes are not a JSON object.")
    if MASK in changes:
        raise ChangesRefused(f"{MASK} replaces a hidden value: leave that field out.")
    event_class = event_class_of(before.get("type")) if before else None
    if before is None or event_class is None:
        raise ChangesRefused("This message cannot be read, so it can only be discarded.")
    for name in patch.keys() - {"data"}:
        raise ChangesRefused(f"{cut(name, 50)} cannot be changed: it identifies the message.")
    values = _values(event_class, patch.get("data"))
    after = before | {"data": _merged(before.get("data"), values)}
    try:
        parsed(event_class, after)
        return json.dumps(after, ensure_ascii=False, allow_nan=False).encode()
    except InvalidFields as error:
        raise ChangesRefused(error.message) from None


def editable_fields(event_type: str | None) -> tuple[str, ...]:
    """Return the names of the fields of data that may be changed in messages of a type."""
    event_class = event_class_of(event_type)
    form = EDITS.get(event_class) if event_class else None
    return tuple(form.model_fields) if form else ()


def edited_fields(changes: str) -> list[str]:
    """Return the names of the fields of data that accepted changes name."""
    patch = _object_of(changes) or {}
    return list(patch.get("data") or {})


def _values(event_class: type[Event], changes: Any) -> dict[str, Any]:
    form = EDITS.get(event_class)
    if form is None:
        raise ChangesRefused(f"A message {event_class.event_type()} cannot be changed.")
    try:
        return parsed(form, changes).model_dump(exclude_unset=True)
    except InvalidFields as error:
        raise ChangesRefused(error.message) from None


def _merged(data: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Apply a merge patch according to RFC 7396: null removes a field."""
    if not isinstance(data, dict):
        raise ChangesRefused("This message has no data.")
    return {
        name: value
        for name, value in (data | values).items()
        if name not in values or value is not None
    }


def _object_of(text: bytes | str) -> dict[str, Any] | None:
    try:
        content = from_json(text, allow_inf_nan=False)
    except (ValueError, TypeError):  # TypeError: half a surrogate pair is no text
        return None
    return content if isinstance(content, dict) else None
