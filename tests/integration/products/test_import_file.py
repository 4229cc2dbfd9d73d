"""A CSV file as a person saves it, from the launcher to the catalogue."""

import importlib
from pathlib import Path
from typing import Any

from tests.integration.builders import CONTEXT
from tidings.products.models import Product
from tidings_local.launcher.product_import import MAX_CHUNK_ROWS, Refusal, Totals, send_table
from tidings_local.launcher.tables import open_table

FILE = """sku;title;price;currency;description;attribute:Farbe
pen-1;"Füller ""Käfer"" ☕";12.50;EUR;"zwei
Zeilen";blau
mug-1;Becher;4;EUR;;
pen-1;Doppelt;1;EUR;;
;Namenlos;1;EUR;;

ink-1;Tinte;"3,50";EUR;;
"""


def import_file(path: Path) -> Totals:
    handler: Any = importlib.import_module("products.import_products").handler
    return send_table(open_table(path), lambda event: dict(handler(event, CONTEXT)))


def test_file_is_in_the_catalogue_but_for_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text(FILE, encoding="utf-8-sig")
    totals = import_file(path)
    assert (totals.created, totals.updated, totals.unchanged) == (2, 0, 0)
    assert [(each.row, each.column) for each in totals.refused] == [
        (4, "sku"),
        (5, "sku"),
        (7, "price"),
    ]
    assert totals.refused[0] == Refusal(4, "sku", "is the same as in row 2")
    pen = Product.objects.get(sku="PEN-1")
    assert (pen.title, pen.description) == ('Füller "Käfer" ☕', "zwei\nZeilen")
    assert pen.attributes == {"Farbe": "blau"}


def test_file_again_in_another_encoding_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text(FILE, encoding="utf-8")
    import_file(path)
    path.write_text(FILE, encoding="utf-16")
    totals = import_file(path)
    assert (totals.created, totals.updated, totals.unchanged) == (0, 0, 2)


def test_many_rows_come_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    count = MAX_CHUNK_ROWS + 1
    rows = [f"S-{n},Thing {n},{n}.99,EUR,{n}" for n in range(count)]
    path.write_text("sku,title,price,currency,stock\n" + "\n".join(rows), encoding="utf-8")
    assert import_file(path).created == count
    assert Product.objects.count() == count
