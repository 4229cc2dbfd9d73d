"""Files of products, from the launcher's reader to the domain's input: no row is lost."""

import json
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from pydantic import ValidationError

from tidings.products.errors import ColumnsRefused
from tidings.products.importing import (
    OPTIONAL,
    REQUIRED,
    ImportProducts,
    _checked_columns,
    _product,
    _Refused,
)
from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.operating.product_import import send_table
from tidings_local.launcher.operating.tables import open_table

FILE = Path(mkdtemp()) / "products.csv"
HEAD = b"sku,title,price,currency,stock,state,categories,images,attribute:nib\n"

TAKEN = [
    HEAD + b"PEN-1,Pen,12.50,EUR,3,active,pens|ink,https://shop.example/pen.png,M\n",
    b"\xef\xbb\xbf" + HEAD.replace(b",", b";") + b'INK-1;"Ink; blue";7,50;EUR;;;;;\n',
    b"sep=;\r\nsku;title;;price;currency;\r\n;;\r\nPEN-1;Pen;;34.0000;EUR;\r\nA\r\n",
    "sku\ttitle\tprice\tcurrency\nPEN-1\tFüller\t12\tJPY\nPEN-1\t\t\t\n".encode("utf-16"),
]
REFUSED = [b"", b"\n", b"sku\n", b'"sku', b"\xff\xfe\xff", HEAD + b"\xff\n", HEAD + b'"\n']
WORDS = [*REQUIRED, *OPTIONAL, "attribute:", "EUR", "JPY", '"', '""', "|", ";", "\t", "\r", "\0"]


def check(data: bytes) -> bool:
    FILE.write_bytes(data)
    sent: list[int] = []
    try:
        with redirect_stderr(StringIO()):
            table = open_table(FILE)
            totals = send_table(table, lambda event: imported(event, sent))
    except (LauncherError, ColumnsRefused, ValidationError) as refused:
        str(refused).encode()
        return False
    assert sent == sorted(set(sent))
    assert totals.rows >= len(sent)
    numbers = [each.row for each in totals.refused]
    assert numbers == sorted(set(numbers))
    return bool(sent)


def imported(event: dict[str, Any], sent: list[int]) -> dict[str, Any]:
    """Import a piece like the domain, without the database."""
    table = ImportProducts.model_validate_json(json.dumps(event))
    columns = _checked_columns(table.columns)
    refused = []
    for row in table.rows:
        sent.append(row.row)
        try:
            _product(columns, row).model_dump_json()
        except _Refused as error:
            refused.append({"row": row.row, "column": error.column, "reason": str(error)})
    json.dumps(refused, ensure_ascii=False).encode()
    created = len(table.rows) - len(refused)
    return {"created": created, "updated": 0, "unchanged": 0, "refused": refused}
