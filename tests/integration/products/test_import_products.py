"""A table of products: rows are added, changed or refused, and a repetition changes nothing."""

from typing import Any

import pytest

from tests.integration.builders import a_product, at_once
from tests.integration.products.announced import announced
from tidings.platform.storage.pagination import PageRequest
from tidings.products.errors import ColumnsRefused
from tidings.products.importing import ImportProducts, ImportReport, import_products
from tidings.products.models import Product
from tidings.products.queries import get_product, get_products, view_of
from tidings.products.schemas import ProductView

COLUMNS = ["sku", "title", "price", "currency"]
FULL = [*COLUMNS, "description", "categories", "images", "stock", "state", "attribute:Colour"]
PEN = ["PEN-1", "Pen", "12.50", "EUR"]
FULL_PEN = [*PEN, "Writes.", "office|Gifts", "https://x.org/1|https://x.org/2", "7", "", "blue"]


def run(*rows: list[str], columns: list[str] | None = None) -> ImportReport:
    numbered = [{"row": number, "cells": cells} for number, cells in enumerate(rows, start=2)]
    table = {"columns": columns or COLUMNS, "rows": numbered}
    return import_products(ImportProducts.model_validate(table))


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, len(report.refused)


def product(sku: str) -> ProductView:
    return view_of(Product.objects.get(sku=sku))


def test_new_skus_are_added_with_all_fields() -> None:
    assert counts(run(FULL_PEN, columns=FULL)) == (1, 0, 0, 0)
    pen = product("PEN-1")
    assert (pen.title, pen.price.amount, pen.price.currency) == ("Pen", 1250, "EUR")
    assert (pen.description, pen.stock, pen.state) == ("Writes.", 7, "active")
    assert pen.categories == ["office", "gifts"]
    assert pen.images == ["https://x.org/1", "https://x.org/2"]
    assert pen.attributes == {"Colour": "blue"}


def test_repeated_table_changes_nothing() -> None:
    run(FULL_PEN, columns=FULL)
    before = product("PEN-1")
    assert counts(run(FULL_PEN, columns=FULL)) == (0, 0, 1, 0)
    assert product("PEN-1") == before
    assert announced() == []


def test_known_skus_are_changed_in_any_case() -> None:
    run(PEN)
    assert counts(run([" pen-1 ", "Fountain pen", "12.50", "eur"])) == (0, 1, 0, 0)
    assert (product("PEN-1").title, product("PEN-1").version) == ("Fountain pen", 2)


def test_lower_price_is_announced_once() -> None:
    run(PEN)
    for _ in range(2):
        run(["PEN-1", "Pen", "11.00", "EUR"])
    assert announced() == ["product.price_dropped"]


def test_missing_column_changes_nothing() -> None:
    run(FULL_PEN, columns=FULL)
    run(["PEN-1", "Quill", "12.50", "EUR"])
    pen = product("PEN-1")
    assert (pen.description, pen.categories) == ("Writes.", ["office", "gifts"])
    assert pen.attributes == {"Colour": "blue"}


def test_empty_cells_clear_optional_fields() -> None:
    run(FULL_PEN, columns=FULL)
    run([*PEN, "", "", "", "", "", ""], columns=FULL)
    pen = product("PEN-1")
    assert (pen.description, pen.categories, pen.images, pen.attributes) == ("", [], [], {})
    assert (pen.stock, pen.state) == (7, "active")


def test_short_row_leaves_the_other_fields() -> None:
    columns = [*FULL, "attribute:Nib"]
    run([*FULL_PEN, "M"], columns=columns)
    assert counts(run([*PEN, "New."], columns=columns)) == (0, 1, 0, 0)
    assert counts(run([*FULL_PEN[:-1], "red"], columns=columns)) == (0, 1, 0, 0)
    pen = product("PEN-1")
    assert (pen.description, pen.categories) == ("Writes.", ["office", "gifts"])
    assert pen.attributes == {"Colour": "red", "Nib": "M"}


def test_stock_may_have_zeros_after_the_decimal_point() -> None:
    assert counts(run([*PEN, "7.0000"], columns=[*COLUMNS, "stock"])) == (1, 0, 0, 0)
    assert product("PEN-1").stock == 7


def test_repeated_table_does_not_restore_sold_stock() -> None:
    columns = [*COLUMNS, "stock"]
    run([*PEN, "7"], columns=columns)
    Product.objects(sku="PEN-1").update_one(inc__stock=-5)
    assert counts(run([*PEN, "7"], columns=columns)) == (0, 0, 1, 0)
    assert product("PEN-1").stock == 2


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        (["", "Pen", "1", "EUR"], "sku", "missing"),
        (["a b", "Pen", "1", "EUR"], "sku", "pattern"),
        (["A", " ", "1", "EUR"], "title", "missing"),
        (["A", "x" * 201, "1", "EUR"], "title", "200"),
        (["A", "Pen", "", "EUR"], "price", "missing"),
        (["A", "Pen", "12,50", "EUR"], "price", "point"),
        (["A", "Pen", "1,200.00", "EUR"], "price", "thousands"),
        (["A", "Pen", "-1", "EUR"], "price", "sign"),
        (["A", "Pen", "12.505", "EUR"], "price", "decimals"),
        (["A", "Pen", "12.5", "JPY"], "price", "decimals"),
        (["A", "Pen", "10000000000000.01", "EUR"], "price", "less than"),
        (["A", "Pen", "1", "EURO"], "currency", "ISO 4217"),
        (["A", "Pen", "1", ""], "currency", "missing"),
        (["A", "Pen", "1", "XXX"], "currency", "ISO 4217"),
        (["A", "Pen", "1"], "currency", "missing"),
        (["A", "Pen", "1", "EUR", "x"], None, "5 cells"),
    ],
    ids=str,
)
def test_invalid_row_is_refused_by_column_and_the_others_are_accepted(
    cells: list[str], column: str | None, reason: str
) -> None:
    report = run(PEN, cells, ["INK-1", "Ink", "5", "EUR"])
    assert counts(report) == (2, 0, 0, 1)
    (refused,) = report.refused
    assert (refused.row, refused.column) == (3, column)
    assert reason in refused.reason
    assert {each.sku for each in Product.objects} == {"PEN-1", "INK-1"}


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("stock", "-1"),
        ("stock", "1.5"),
        ("stock", "1e2"),
        ("stock", "1000001"),
        ("state", "sold"),
        ("categories", "a|b c"),
        ("images", "http://example.com/x.jpg"),
        ("images", "javascript:alert(1)"),
        ("description", "x" * 10_001),
        ("attribute:colour", "x" * 201),
        ("attribute:$where", "x"),
        ("attribute:a.b", "x"),
    ],
)
def test_invalid_cell_is_refused_by_its_column(column: str, cell: str) -> None:
    report = run([*PEN, cell], columns=[*COLUMNS, column])
    assert counts(report) == (0, 0, 0, 1)
    assert report.refused[0].column == column
    assert Product.objects.count() == 0


def test_repeated_sku_in_one_table_is_refused() -> None:
    report = run(PEN, ["pen-1", "Other", "1", "EUR"])
    assert counts(report) == (1, 0, 0, 1)
    assert "row 2" in report.refused[0].reason
    assert product("PEN-1").title == "Pen"


def test_sku_added_concurrently_is_stored_once() -> None:
    rows = [[f"S-{n}", "Pen", "1", "EUR"] for n in range(20)]
    reports = at_once([lambda: run(*rows)] * 4)
    assert Product.objects.count() == 20
    assert sum(report.created for report in reports) == 20
    for report in reports:
        assert sum(counts(report)) == 20
        assert {each.column for each in report.refused} <= {"sku"}


def test_impossible_state_is_refused_by_its_column() -> None:
    a_product(sku="PEN-1", state="retired")
    report = run([*PEN, "draft"], columns=[*COLUMNS, "state"])
    assert [(each.row, each.column) for each in report.refused] == [(2, "state")]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (["sku", "title", "price"], "missing: currency"),
        ([*COLUMNS, "colour"], 'unknown: "colour"'),
        ([*COLUMNS, "attribute:"], 'unknown: "attribute:"'),
        ([*COLUMNS, "SKU"], "duplicate: sku"),
        ([], "missing: sku"),
    ],
    ids=str,
)
def test_unknown_columns_stop_the_import(columns: list[str], problem: str) -> None:
    with pytest.raises(ColumnsRefused, match=problem):
        run(["x"] * len(columns), columns=columns or ["y"])
    assert Product.objects.count() == 0


def test_names_of_columns_are_read_in_any_case() -> None:
    run(["PEN-1", "Pen", "1250", "jpy"], columns=[" SKU", "Title ", "PRICE", "Currency"])
    assert (product("PEN-1").price.amount, product("PEN-1").price.currency) == (1250, "JPY")


def test_currency_with_three_decimals() -> None:
    run(["PEN-1", "Pen", "1.5", "KWD"])
    assert product("PEN-1").price.amount == 1500


def test_realistic_prices_of_every_size_are_imported() -> None:
    run(["A", "Tee", "15000000.00", "IDR"], ["B", "Tee", "12000000", "COP"])
    assert product("A").price.amount == 1_500_000_000
    assert product("B").price.amount == 1_200_000_000


def test_imported_products_are_listed_at_once() -> None:
    page: Any = PageRequest.model_validate({})
    assert get_products(page).items == []
    run(PEN)
    (pen,) = get_products(page).items
    get_product(pen.id)
    run(["PEN-1", "Quill", "12.50", "EUR"])
    assert get_product(pen.id).title == "Quill"
    assert get_products(page).items[0].title == "Quill"
