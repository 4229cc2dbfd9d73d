"""Products from a table: new SKUs are added, known ones changed, again and again the same."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pymongo.errors import BulkWriteError

from tidings.platform import database
from tidings.platform.errors import TidingsError
from tidings.platform.logging import logger
from tidings.products import shelf
from tidings.products.completing import complete_products
from tidings.products.currencies import DECIMALS
from tidings.products.errors import ColumnsRefused
from tidings.products.models import Product
from tidings.products.operations import change_product, product_of
from tidings.products.schemas import CreateProduct, UpdateProduct

REQUIRED: Final = ("sku", "title", "price", "currency")
OPTIONAL: Final = ("description", "categories", "images", "stock", "state")
# A column for each attribute: `attribute:colour`.
ATTRIBUTE: Final = "attribute:"
# Between the entries of one cell.
SEPARATOR: Final = "|"
PRICE: Final = re.compile(r"([0-9]{1,10})(?:\.([0-9]+))?")
WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,7}")
MAX_ROWS: Final = 1_000
INSERTED_AT_ONCE: Final = 50
# MongoDB's code for a value that a unique index has already.
DUPLICATE_KEY: Final = 11000


class ImportRow(BaseModel):
    """One row as it stands in the file; the header is row 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    row: Annotated[int, Field(ge=1)]
    cells: list[str]


class ImportProducts(BaseModel):
    """Some rows of a table and the names of its columns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Annotated[list[str], Field(max_length=100)]
    rows: Annotated[list[ImportRow], Field(max_length=MAX_ROWS)]


class RefusedRow(BaseModel):
    row: int
    column: str | None
    reason: str


class ImportReport(BaseModel):
    """What became of the rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[RefusedRow] = Field(default_factory=list)


class _Refused(Exception):
    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def import_products(table: ImportProducts) -> ImportReport:
    """Add and change products by SKU; rows that cannot be taken are reported, not stored.

    A column that is not there leaves what it would say as it is. Stock counts for new
    products only: what is known is changed by adjustments, or a file that is imported again
    would bring back what was sold.

    Raises:
        ColumnsRefused: a column is missing, unknown or there twice; nothing is stored.
    """
    columns = _checked_columns(table.columns)
    complete_products()
    report = ImportReport()
    wanted: dict[str, tuple[int, CreateProduct]] = {}
    for row in table.rows:
        try:
            new = _product(columns, row)
            if new.sku in wanted:
                raise _Refused("sku", f"is the same as in row {wanted[new.sku][0]}")
            wanted[new.sku] = row.row, new
        except _Refused as refused:
            _refuse(report, row.row, refused)
    _store(columns, wanted, report)
    logger.info("products imported", counts=report.model_dump(exclude={"refused"}))
    return report


def _store(
    columns: Sequence[str], wanted: Mapping[str, tuple[int, CreateProduct]], report: ImportReport
) -> None:
    with database.time_for(len(wanted)):
        known = {each.sku: each for each in Product.objects(sku__in=list(wanted))}
    _insert([wanted[sku] for sku in wanted if sku not in known], report)
    for sku, product in known.items():
        row, new = wanted[sku]
        try:
            changed = change_product(product, _changes(columns, new, product))
        except TidingsError as error:
            _refuse(report, row, _Refused(error.field, error.message))
        else:
            report.updated += changed is not None
            report.unchanged += changed is None


def _insert(added: Sequence[tuple[int, CreateProduct]], report: ImportReport) -> None:
    """Store new products, many at once; who was faster with a SKU keeps it."""
    for start in range(0, len(added), INSERTED_AT_ONCE):
        batch = added[start : start + INSERTED_AT_ONCE]
        documents = [product_of(new).to_mongo() for _, new in batch]
        taken: list[int] = []
        try:
            Product._get_collection().insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise
            taken = [each["index"] for each in error.details["writeErrors"]]
        for index in taken:
            _refuse(report, batch[index][0], _Refused("sku", "was added meanwhile; import again"))
        report.created += len(batch) - len(taken)
    if added:
        shelf.forget_pages()


def _checked_columns(columns: Sequence[str]) -> list[str]:
    names = [_column(each) for each in columns]
    missing = [name for name in REQUIRED if name not in names]
    unknown = [
        name
        for name in names
        if name not in REQUIRED + OPTIONAL and not (name.startswith(ATTRIBUTE) and name[10:])
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    for problem, found in (("missing", missing), ("unknown", unknown), ("there twice", twice)):
        if found:
            raise ColumnsRefused(f"Columns that are {problem}: {', '.join(found)}.")
    return names


def _column(name: str) -> str:
    prefix, colon, rest = name.strip().partition(":")
    return f"{prefix.strip().lower()}{colon}{rest.strip()}"


def _product(columns: Sequence[str], row: ImportRow) -> CreateProduct:
    if len(row.cells) != len(columns):
        raise _Refused(None, f"has {len(row.cells)} cells; the header has {len(columns)}")
    cells = {name: cell.strip() for name, cell in zip(columns, row.cells, strict=True)}
    try:
        return CreateProduct.model_validate(_values(cells))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _Refused(_column_of(first["loc"]), first["msg"]) from None


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
        if not WHOLE_NUMBER.fullmatch(cells["stock"]):
            raise _Refused("stock", "is not a whole number")
        values["stock"] = int(cells["stock"])
    values["attributes"] = {
        name.removeprefix(ATTRIBUTE): cell
        for name, cell in cells.items()
        if name.startswith(ATTRIBUTE) and cell
    }
    return values


def _amount(cells: Mapping[str, str]) -> int:
    """Return a price like 12.50 in minor units."""
    decimals = DECIMALS.get(cells["currency"].upper())
    if decimals is None:
        raise _Refused("currency", "is not an ISO 4217 code, e.g. EUR")
    found = PRICE.fullmatch(cells["price"])
    if not found:
        raise _Refused("price", "is not a number like 12.50, with a point and no thousands")
    whole, fraction = found[1], found[2] or ""
    if len(fraction) > decimals:
        raise _Refused("price", f"has more decimals than {cells['currency'].upper()}: {decimals}")
    return int(whole + fraction.ljust(decimals, "0"))


def _entries(cell: str) -> list[str]:
    return [each.strip() for each in cell.split(SEPARATOR) if each.strip()]


def _changes(columns: Iterable[str], new: CreateProduct, known: Product) -> UpdateProduct:
    """Return what the columns that are there say of a known product, its stock apart."""
    said = {name for name in columns if name in UpdateProduct.model_fields}
    if new.state.value == known.state or "state" not in new.model_fields_set:
        said.discard("state")
    values = {name: getattr(new, name) for name in said | {"title", "price"}}
    if any(name.startswith(ATTRIBUTE) for name in columns):
        values["attributes"] = new.attributes
    return UpdateProduct.model_construct(version=known.version, **values)


def _column_of(location: Sequence[int | str]) -> str | None:
    first, *rest = [str(part) for part in location] or [""]
    if first == "price":
        return "currency" if rest == ["currency"] else "price"
    return f"{ATTRIBUTE}{rest[0]}" if first == "attributes" and rest else first or None


def _refuse(report: ImportReport, row: int, refused: _Refused) -> None:
    report.refused.append(RefusedRow(row=row, column=refused.column, reason=refused.reason))
