"""A CSV file as people save it, from the launcher to the catalogue."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from tests.integration.builders import CONTEXT
from tidings.products.errors import ColumnsRefused
from tidings.products.models import Product
from tidings_local.launcher.operating.product_import import (
    MAX_CHUNK_ROWS,
    Refusal,
    Totals,
    send_table,
)
from tidings_local.launcher.operating.tables import open_table

FILE = """sku;title;price;currency;description;attribute:Farbe
pen-1;"Füller ""Käfer"" ☕";12.50;EUR;"zwei
Zeilen";blau
mug-1;Becher;4;EUR;;
pen-1;Doppelt;1;EUR;;
;Namenlos;1;EUR;;

ink-1;Tinte;"3,50";EUR;;
"""

# Files that other programs wrote.
CASES = Path(__file__).parents[2] / "cases"


def import_file(path: Path) -> Totals:
    handler: Any = importlib.import_module("products.import_products").handler
    return send_table(open_table(path), lambda event: dict(handler(event, CONTEXT)))


def test_file_is_in_the_catalogue_except_refused_rows(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text(FILE, encoding="utf-8-sig")
    totals = import_file(path)
    assert (totals.created, totals.updated, totals.unchanged) == (2, 0, 0)
    assert [(each.row, each.column) for each in totals.refused] == [
        (4, "sku"),
        (5, "sku"),
        (7, "price"),
    ]
    assert totals.refused[0] == Refusal(4, 5, "sku", "is the same as in row 2")
    pen = Product.objects.get(sku="PEN-1")
    assert (pen.title, pen.description) == ('Füller "Käfer" ☕', "zwei\nZeilen")
    assert pen.attributes == {"Farbe": "blau"}


def test_same_file_in_another_encoding_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text(FILE, encoding="utf-8")
    import_file(path)
    path.write_text(FILE, encoding="utf-16")
    totals = import_file(path)
    assert (totals.created, totals.updated, totals.unchanged) == (0, 0, 2)


def price_of(sku: str) -> tuple[int, str]:
    product = Product.objects.get(sku=sku)
    return product.price, product.currency


@pytest.mark.parametrize(
    ("name", "sku"),
    [("10b-products-blank-columns.csv", "CASE-TE-1"), ("10d-products-sep-line.csv", "CASE-SEP-1")],
)
def test_file_of_excel_is_read(name: str, sku: str) -> None:
    totals = import_file(CASES / name)
    assert (totals.created, totals.refused) == (1, [])
    assert price_of(sku) == (3400, "EUR")


def test_trailing_zeros_of_a_price_are_ignored() -> None:
    totals = import_file(CASES / "11-prices-trailing-zeros.csv")
    assert (totals.created, totals.refused) == (3, [])
    assert price_of("CASE-P4-1") == (3400, "EUR")
    assert price_of("CASE-P4-2") == (1500, "JPY")
    assert price_of("CASE-P4-3") == (12345, "KWD")


def test_price_with_too_many_decimals_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("sku,title,price,currency\nA,Tee,34.001,EUR\nB,Tee,1500.01,JPY\n")
    assert [str(each) for each in import_file(path).refused] == [
        "row 2, column price: has too many decimals; EUR has 2",
        "row 3, column price: has too many decimals; JPY has 0",
    ]
    assert Product.objects.count() == 0


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("sku,title,price\n", "missing: currency"),
        ("sku|title|price|currency\n", '"sku|title|price|currency"'),
        ("sku,title,price,currency,SKU\n", "duplicate: sku"),
    ],
)
def test_invalid_header_is_refused_even_without_rows(
    tmp_path: Path, header: str, problem: str
) -> None:
    path = tmp_path / "products.csv"
    path.write_text(header)
    with pytest.raises(ColumnsRefused) as refused:
        import_file(path)
    assert problem in refused.value.message


def test_many_rows_are_sent_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    count = MAX_CHUNK_ROWS + 1
    rows = [f"S-{n},Thing {n},{n}.99,EUR,{n}" for n in range(count)]
    path.write_text("sku,title,price,currency,stock\n" + "\n".join(rows), encoding="utf-8")
    assert import_file(path).created == count
    assert Product.objects.count() == count


def test_example_catalogue_is_imported_completely() -> None:
    totals = import_file(Path(__file__).parents[3] / "infra" / "examples" / "products.csv")
    assert (totals.created, totals.refused) == (20, [])
