"""Cursors of lists, encoded and decoded: a position, or refused."""

import base64

import bson
from mongoengine import Document
from pydantic import ValidationError

from tidings.monitoring.models import FailedMessage
from tidings.monitoring.queries import LATEST_FIRST
from tidings.platform.errors import TidingsError
from tidings.platform.storage.pagination import PageRequest, _decode, paginate_texts
from tidings.platform.storage.sorting import SortOrder, UnknownCursor
from tidings.products import catalogue
from tidings.products.models import Product
from tidings.tasks import queries as tasks
from tidings.tasks.models import Task

ORDERS: list[tuple[type[Document], SortOrder]] = [
    (FailedMessage, LATEST_FIRST),
    *((Product, order) for order in catalogue.ORDERS.values()),
    *((Task, order) for order in tasks.ORDERS.values()),
]

TAKEN = [
    *(
        b"6b0152a6f6b097fd8ed20a9b",
        b"NmIwMTUyYTZmNmIwOTdmZDhlZDIwYTli",
        b"price_key|EUR:000000001250:6b0152a6f6b097fd8ed20a9b",
    ),
    b'due_at|{"value":"2026-11-21T09:00:00Z","id":"6b0152a6f6b097fd8ed20a9b"}',
    b'priority_rank|{"value":2,"id":"6b0152a6f6b097fd8ed20a9b"}',
]
REFUSED = [b"\xff", b'due_at|{"value":"0001-01-01T00:00:00+23:59","id":"x"}', b"sku|PEN-1"]
WORDS = [
    "|",
    "due_at|",
    "priority_rank|",
    "failed_at|",
    "price_key|",
    '{"value":',
    ',"id":"',
    "+23:59",
    "title_key|",
]


def check(data: bytes) -> bool:
    """Check the input as a cursor, and as the position in a cursor."""
    cursors = [data.decode(errors="replace"), base64.urlsafe_b64encode(data).decode()]
    return sum(map(is_place, cursors)) > 0


def is_place(cursor: str) -> bool:
    try:
        request = PageRequest.model_validate({"after": cursor})
    except ValidationError:
        return False
    try:
        paginate_texts(["a", "b"], request)
        place = _decode(cursor)
    except UnknownCursor:
        return False
    return sum(is_place_in(order, place, kind) for kind, order in ORDERS) > 0


def is_place_in(order: SortOrder, place: str, kind: type[Document]) -> bool:
    try:
        behind = order.behind(place)
    except TidingsError:
        return False
    bson.encode(behind.to_query(kind))  # MongoDB accepts it in a query
    return True
