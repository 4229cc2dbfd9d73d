"""Read documents without building them: a row shows what MongoDB returned.

mongoengine builds an object with change tracking for each document and each part of it. For a list
of 20 that is half of the CPU time, and a list changes nothing. A row has the same attributes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import FunctionType, MethodType
from typing import Any, ClassVar, Final

from mongoengine import EmbeddedDocumentField, ListField, MapField

_MISSING: Final = object()


class Row:
    """A stored document that is only read: its fields, properties and methods.

    Each document class has a subclass of it (`row_class`).
    """

    __slots__ = ("_stored",)
    _document_class: ClassVar[Any]

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._stored = stored

    @property
    def stored_form(self) -> Mapping[str, Any]:
        """The document as MongoDB has it."""
        return self._stored

    def __getattr__(self, name: str) -> Any:
        """Return the value of a property of the document, or a method that reads this row."""
        found = getattr(self._document_class, name, _MISSING)
        if isinstance(found, property) and found.fget is not None:
            return found.fget(self)
        if isinstance(found, FunctionType):
            return MethodType(found, self)
        raise AttributeError(f"{self._document_class.__name__} has no field {name}")


@cache
def row_class(document_class: Any) -> type[Row]:
    """Return the class of a document class's rows.

    Its fields are properties, because `__getattr__` would take twice the time for each value.
    """
    own: dict[str, Any] = {name: _property(each) for name, each in document_class._fields.items()}
    if key := document_class._meta.get("id_field"):
        own["pk"] = own[key]
    own |= {"__slots__": (), "_document_class": document_class}
    return type(f"{document_class.__name__}Row", (Row,), own)


def rows(query: Any) -> Iterator[Any]:
    """Yield the rows of a mongoengine query, which stand in for its documents.

    A field that the query leaves out has its default value, as in a document.
    """
    return rows_of(query._document, query.as_pymongo())


def row(document_class: Any, conditions: Mapping[str, Any]) -> Any:
    """Return the row of the document that meets these conditions (of MongoDB), or None."""
    stored = document_class._get_collection().find_one(conditions)
    return None if stored is None else row_class(document_class)(stored)


def rows_of(document_class: Any, stored: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """Yield the rows of a collection's documents as pymongo returns them."""
    return map(row_class(document_class), stored)


def _property(field: Any) -> property:
    """Return a property that reads a field of a row, or its default."""
    stored_as, default, read = field.db_field, field.default, _reader_of(field)

    def get(row: Row) -> Any:
        value = row._stored.get(stored_as)
        if value is None:
            return default() if callable(default) else default
        return value if read is None else read(value)

    return property(get)


def _reader_of(field: Any) -> Callable[[Any], Any] | None:
    """Return the function that makes rows of a field's embedded documents, if it has some."""
    inner = field.field if isinstance(field, ListField | MapField) else field
    if not isinstance(inner, EmbeddedDocumentField):
        return None
    part = row_class(inner.document_type)
    if isinstance(field, ListField):
        return lambda values: [part(each) for each in values]
    if isinstance(field, MapField):
        return lambda values: {name: part(each) for name, each in values.items()}
    return part
