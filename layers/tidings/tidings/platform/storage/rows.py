"""Read documents without building them: a row shows what MongoDB returned.

mongoengine builds an object with change tracking for each document and each part of it. For a list
of 20 that is half of the CPU time, and a list changes nothing. A row has the same attributes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import FunctionType, MethodType
from typing import Any, Final, NamedTuple

from mongoengine import EmbeddedDocumentField, ListField, MapField

_MISSING: Final = object()


class _Field(NamedTuple):
    """Where a field is stored, its default, and how its embedded documents are read."""

    stored_as: str
    default: Any
    read: Callable[[Any], Any] | None


class Row:
    """A stored document that is only read: its fields, properties and methods."""

    __slots__ = ("_document_class", "_stored")

    def __init__(self, document_class: Any, stored: Mapping[str, Any]) -> None:
        self._document_class = document_class
        self._stored = stored

    def __getattr__(self, name: str) -> Any:
        field = _fields(self._document_class).get(name)
        if field is None:
            return self._of_class(name)
        value = self._stored.get(field.stored_as)
        if value is None:
            return field.default() if callable(field.default) else field.default
        return value if field.read is None else field.read(value)

    def _of_class(self, name: str) -> Any:
        """Return a property's value, or a method that reads this row."""
        found = getattr(self._document_class, name, _MISSING)
        if isinstance(found, property) and found.fget is not None:
            return found.fget(self)
        if isinstance(found, FunctionType):
            return MethodType(found, self)
        raise AttributeError(f"{self._document_class.__name__} has no field {name}")


def rows(query: Any) -> Iterator[Any]:
    """Yield the rows of a mongoengine query, which stand in for its documents.

    A field that the query leaves out has its default value, as in a document.
    """
    return rows_of(query._document, query.as_pymongo())


def row(document_class: Any, conditions: Mapping[str, Any]) -> Any:
    """Return the row of the document that meets these conditions (of MongoDB), or None."""
    stored = document_class._get_collection().find_one(conditions)
    return None if stored is None else Row(document_class, stored)


def rows_of(document_class: Any, stored: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """Yield the rows of a collection's documents as pymongo returns them."""
    return (Row(document_class, each) for each in stored)


@cache
def _fields(document_class: Any) -> dict[str, _Field]:
    found = {name: _field(each) for name, each in document_class._fields.items()}
    key = document_class._meta.get("id_field")
    return found | ({"pk": found[key]} if key else {})


def _field(field: Any) -> _Field:
    return _Field(field.db_field, field.default, _reader_of(field))


def _reader_of(field: Any) -> Callable[[Any], Any] | None:
    inner = field.field if isinstance(field, ListField | MapField) else field
    if not isinstance(inner, EmbeddedDocumentField):
        return None
    part = inner.document_type
    if isinstance(field, ListField):
        return lambda values: [Row(part, each) for each in values]
    if isinstance(field, MapField):
        return lambda values: {name: Row(part, each) for name, each in values.items()}
    return lambda value: Row(part, value)
