"""A row shows of a stored document what mongoengine's document shows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentField,
    FloatField,
    IntField,
    ListField,
    LongField,
    MapField,
    StringField,
)

from tests.contract.project import ROOT
from tidings.campaigns.models import Campaign
from tidings.orders.models import Order
from tidings.platform.storage.rows import Row, row_class
from tidings.users.models import User

LAYER = ROOT / "layers" / "tidings"
MOMENT = datetime(2026, 11, 29, tzinfo=UTC)
VALUES: dict[type, Any] = {
    StringField: "text",
    IntField: 7,
    LongField: 2**40,
    FloatField: 0.5,
    BooleanField: True,
    DateTimeField: MOMENT,
    BinaryField: b"bytes",
}


def documents(base: type[Document] = Document) -> Iterator[type[Document]]:
    for each in base.__subclasses__():
        if each.__module__.startswith("tidings.") and not each._meta.get("abstract"):
            yield each
        yield from documents(each)


for path in LAYER.glob("tidings/**/*.py"):
    if "Document" in path.read_text():
        import_module(".".join(path.relative_to(LAYER).with_suffix("").parts))
DOCUMENTS = sorted(set(documents()), key=lambda each: each.__name__)


def stored(field: Any, **more: Any) -> Any:
    """Return what MongoDB has of a field that is set."""
    match field:
        case EmbeddedDocumentField():
            return all_of(field.document_type, **more)
        case MapField():
            return {"one": stored(field.field, **more)}
        case ListField():
            return [stored(field.field, **more), stored(field.field, **more)]
        case DictField():
            return {"key": "value"}
    return VALUES[next(kind for kind in VALUES if type(field) is kind)]


def all_of(document_class: Any, **more: Any) -> dict[str, Any]:
    """Return a stored document with all fields; it and each of its parts have more fields."""
    own = {field.db_field: stored(field, **more) for field in document_class._fields.values()}
    return own | more


def plain_fields(document: Any) -> dict[str, Any]:
    names = (document._document_class if isinstance(document, Row) else document)._fields
    return {name: plain(getattr(document, name)) for name in names}


def plain(value: Any) -> Any:
    """Return a value with documents and rows as dictionaries."""
    match value:
        case EmbeddedDocument():
            return {name: plain(getattr(value, name)) for name in value._fields}
        case Row():
            names = value._document_class._fields
            return {name: plain(getattr(value, name)) for name in names}
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list():
            return [plain(each) for each in value]
    return value


@pytest.mark.parametrize("document_class", DOCUMENTS, ids=lambda each: each.__name__)
def test_every_field_is_the_document_s(document_class: Any) -> None:
    son = all_of(document_class)
    document, row = document_class._from_son(son), row_class(document_class)(son)
    for name in document_class._fields:
        assert plain(getattr(row, name)) == plain(getattr(document, name)), name
    assert row.pk == document.pk


@pytest.mark.parametrize("document_class", DOCUMENTS, ids=lambda each: each.__name__)
def test_fields_of_a_newer_release_are_ignored(document_class: Any) -> None:
    son, newer = all_of(document_class), all_of(document_class, of_newer_release=True)
    known, found = document_class._from_son(son), document_class._from_son(newer)
    assert "of_newer_release" in newer
    assert (
        plain_fields(found) == plain_fields(known) == plain_fields(row_class(document_class)(newer))
    )


@pytest.mark.parametrize("nulls", [False, True], ids=["missing", "null"])
@pytest.mark.parametrize("document_class", DOCUMENTS, ids=lambda each: each.__name__)
def test_field_without_a_value_has_its_default(document_class: Any, nulls: bool) -> None:
    son = dict.fromkeys(all_of(document_class)) if nulls else {}
    document, row = document_class._from_son(son), row_class(document_class)(son)
    for name, field in document_class._fields.items():
        if not callable(field.default) or field.default in (list, dict):
            assert plain(getattr(row, name)) == plain(getattr(document, name)), name
        else:  # a new id or the time
            assert type(getattr(row, name)) is type(getattr(document, name)), name


def test_stored_null_is_none() -> None:
    assert row_class(Campaign)({"run": None}).run is None


def test_properties_and_methods_read_the_row() -> None:
    user = row_class(User)({"_id": "ada", "verified_at": MOMENT, "phone": "+49"})
    assert (user.email_verified, user.phone_verified) == (True, False)
    campaign = row_class(Campaign)({"run": {"finished_at": MOMENT}})
    assert not campaign.is_in_a_run
    assert campaign.told_to_all() == Campaign().told_to_all()


def test_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="Order has no field colour"):
        _ = row_class(Order)({"_id": "1"}).colour


def test_row_cannot_be_changed() -> None:
    row: Any = row_class(Order)({"_id": "1"})
    with pytest.raises(AttributeError):
        row.state = "shipped"
