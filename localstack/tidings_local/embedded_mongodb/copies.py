"""Copy documents in a third of the time of `copy.deepcopy`.

A document has no reference to itself, and most of its values never change.
"""

from __future__ import annotations

import copy
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from bson import Binary, Decimal128, Int64, ObjectId, Timestamp
from secantus import projection, transactions, update

UNCHANGING: Final = frozenset(
    {
        str, int, float, bool, type(None), bytes, datetime,
        ObjectId, Int64, Decimal128, Timestamp, Binary,
    }
)  # fmt: skip


def copy_faster() -> None:
    """Replace the copying of documents in updates and projections, and of remembered replies."""
    for module in (update, projection, transactions):
        module.copy = SimpleNamespace(deepcopy=copied)


def copied(value: Any) -> Any:
    """Return a copy of a document, or of one of its values."""
    kind = type(value)
    if kind in UNCHANGING:
        return value
    if kind is dict:
        return {name: copied(each) for name, each in value.items()}
    if kind is list:
        return [copied(each) for each in value]
    return copy.deepcopy(value)
