"""Import products from a table: add new SKUs and change known ones. Safe to repeat."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

from pydantic import ConfigDict, Field
from pymongo.errors import BulkWriteError

from tidings.platform import acts
from tidings.platform.errors import TidingsError
from tidings.platform.inputs.parsing import InvalidFields, parsed
from tidings.platform.logging import logger
from tidings.platform.schema import Schema
from tidings.platform.storage import database
from tidings.platform.text.excerpts import quoted
from tidings.products import product_cache
from tidings.products.completing import complete_products
from tidings.products.currencies import DECIMALS
from tidings.products.errors import ColumnsRefused
from tidings.products.models import Product
from tidings.products.operations import change_product, product_of
from tidings.products.prices import NoNumber, minor_units, whole_number
from tidings.products.schemas import CreateProduct, UpdateProduct

REQUIRED: Final = ("sku", "title", "price", "currency")
OPTIONAL: Final = ("description", "categories", "images", "stock", "state")
# Attributes have one column each: `attribute:colour`.
ATTRIBUTE: Final = "attribute:"
# Separates the entries of one cell.
SEPARATOR: Final = "|"
MAX_ROWS: Final = 1_000
INSERTED_AT_ONCE: Final = 50
MAX_LISTED: Final = 20
# MongoDB's error code for a duplicate value in a unique index.
DUPLICATE_KEY: Final = 11000


class ImportRow(Schema):
    """One row as in the file; the header is row 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    row: Annotated[int, Field(ge=1)]
    cells: list[str]


class ImportProducts(Schema):
    """Some rows of a table, and the names of its columns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Annotated[list[str], Field(max_length=100)]
    rows: Annotated[list[ImportRow], Field(max_length=MAX_ROWS)]


class RefusedRow(Schema):
    row: int
    column: str | None
    reason: str


class ImportReport(Schema):
    """The result of an import, by row."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[RefusedRow] = Field(default_factory=list)


class _Wanted(NamedTuple):
    """The product in a row; `lacks` are the columns after the row's last cell."""

    row: int
    product: CreateProduct
    columns: Sequence[str]
    lacks: Sequence[str]


class _Refused(Exception):
    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def import_products(table: ImportProducts) -> ImportReport:
    """Add and change products by SKU; rows that are refused are reported.

    A missing column does not change its field. Stock applies to new products only. The stock of
    known products is changed by adjustments; otherwise repeating an import would restore sold
    stock.

    Raises:
        ColumnsRefused: a column is missing, unknown or duplicate; nothing is stored.
    """
    columns = _checked_columns(table.columns)
    complete_products()
    report = ImportReport()
    wanted: dict[str, _Wanted] = {}
    for row in table.rows:
        try:
            new = _product(columns, row)
            if new.sku in wanted:
                raise _Refused("sku", f"is the same as in row {wanted[new.sku].row}")
            reached = len(row.cells)
            wanted[new.sku] = _Wanted(row.row, new, columns[:reached], columns[reached:])
        except _Refused as refused:
            _refuse(report, row.row, refused)
    _store(wanted, report)
    acts.changed(after=report.model_dump(exclude={"refused"}) | {"refused": len(report.refused)})
    logger.info("products imported", counts=report.model_dump(exclude={"refused"}))
    return report


def _store(wanted: Mapping[str, _Wanted], report: ImportReport) -> None:
    with database.time_for(len(wanted)):
        known = {each.sku: each for each in Product.objects(sku__in=list(wanted))}
    _insert([wanted[sku] for sku in wanted if sku not in known], report)
    for sku, product in known.items():
        row = wanted[sku]
        try:
            # The audit trail has the whole import as one act, with its numbers.
            with acts.acting(acts.Act()):
                changed = change_product(product, _changes(row, product))
        except TidingsError as error:
            _refuse(report, row.row, _Refused(error.field, error.message))
        else:
            acts.concerns("product", *([changed.id] if changed else []))
            report.updated += changed is not None
            report.unchanged += changed is None


def _insert(added: Sequence[_Wanted], report: ImportReport) -> None:
    """Insert new products in batches; a SKU that was added meanwhile is refused."""
    for start in range(0, len(added), INSERTED_AT_ONCE):
        batch = added[start : start + INSERTED_AT_ONCE]
        documents = [product_of(each.product).to_mongo() for each in batch]
        taken: list[int] = []
        try:
            with database.writing_many(len(documents)):
                Product._get_collection().insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise
            taken = [each["index"] for each in error.details["writeErrors"]]
        kept = [each["_id"] for place, each in enumerate(documents) if place not in taken]
        acts.concerns("product", *kept)
        for index in taken:
            _refuse(report, batch[index].row, _Refused("sku", "was added meanwhile; import again"))
        report.created += len(batch) - len(taken)
    if added:
        product_cache.forget_pages()


def _checked_columns(columns: Sequence[str]) -> list[str]:
    names = [_column(each) for each in columns]
    missing = [name for name in REQUIRED if name not in names]
    unknown = [
        quoted(name)
        for name in names
        if name not in REQUIRED + OPTIONAL and not (name.startswith(ATTRIBUTE) and name[10:])
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    for problem, found in (("missing", missing), ("unknown", unknown), ("duplicate", twice)):
        if found:
            raise ColumnsRefused(
                f"Columns that are {problem}: {_listed(found)}. "
                f"The header has: {_listed([quoted(name) for name in names])}."
            )
    return names


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MAX_LISTED
    return ", ".join(names[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def _column(name: str) -> str:
    prefix, colon, rest = name.strip().partition(":")
    return f"{prefix.strip().lower()}{colon}{rest.strip()}"


def _product(columns: Sequence[str], row: ImportRow) -> CreateProduct:
    """Return the product in a row; a short row does not set the columns after its end."""
    if len(row.cells) > len(columns):
        raise _Refused(None, f"has {len(row.cells)} cells; the header has {len(columns)}")
    cells = {name: cell.strip() for name, cell in zip(columns, row.cells, strict=False)}
    for name in REQUIRED:
        if not cells.get(name):
            raise _Refused(name, "is missing")
    try:
        return parsed(CreateProduct, _values(cells))
    except InvalidFields as error:
        first = error.faults[0]
        raise _Refused(_column_of(first.place), first.message) from None


def _values(cells: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "sku": cells["sku"],
        "title": cells["title"],
        "price": {"amount": _amount(cells), "currency": cells["currency"].upper()},
    }
    for name in ("description", "state"):
        if cells.get(name):
            values[name] = cells[name] if name == "description" else cells[name].lower()
    for name in ("categories", "images"):
        values[name] = _entries(cells.get(name, ""))
    if cells.get("stock"):
        values["stock"] = _number("stock", lambda: whole_number(cells["stock"]))
    values["attributes"] = {
        name.removeprefix(ATTRIBUTE): cell
        for name, cell in cells.items()
        if name.startswith(ATTRIBUTE) and cell
    }
    return values


def _amount(cells: Mapping[str, str]) -> int:
    currency = cells["currency"].upper()
    if currency not in DECIMALS:
        raise _Refused("currency", "is not an ISO 4217 code, e.g. EUR")
    return _number("price", lambda: minor_units(cells["price"], currency))


def _number(column: str, read: Callable[[], int]) -> int:
    try:
        return read()
    except NoNumber as error:
        raise _Refused(column, str(error)) from None


def _entries(cell: str) -> list[str]:
    return [each.strip() for each in cell.split(SEPARATOR) if each.strip()]


def _changes(wanted: _Wanted, known: Product) -> UpdateProduct:
    """Return the changes that the existing columns make to a known product, without stock."""
    new = wanted.product
    said = {name for name in wanted.columns if name in UpdateProduct.model_fields}
    if new.state.value == known.state or "state" not in new.model_fields_set:
        said.discard("state")
    values = {name: getattr(new, name) for name in said | {"title", "price"}}
    if any(name.startswith(ATTRIBUTE) for name in wanted.columns):
        values["attributes"] = {
            name: value
            for name, value in known.attributes.items()
            if f"{ATTRIBUTE}{name}" in wanted.lacks
        } | new.attributes
    return UpdateProduct.model_construct(version=known.version, **values)


def _column_of(location: Sequence[int | str]) -> str | None:
    first, *rest = [str(part) for part in location] or [""]
    if first == "price":
        return "currency" if rest == ["currency"] else "price"
    return f"{ATTRIBUTE}{rest[0]}" if first == "attributes" and rest else first or None


def _refuse(report: ImportReport, row: int, refused: _Refused) -> None:
    report.refused.append(RefusedRow(row=row, column=refused.column, reason=refused.reason))
