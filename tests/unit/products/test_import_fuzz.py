"""Each row of any CSV file becomes a product's input or is refused with a reason."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from tidings.platform.errors import TidingsError
from tidings.products.importing import ImportRow, _checked_columns, _product, _Refused

COLUMNS = (
    *("sku", "title", "price", "currency", "description", "stock", "state"),
    *("categories", "images", "attribute:nib"),
)
GOOD = ("PEN-1", "Pen", "12.50", "EUR", "", "3", "active", "pens", "", "M")
CELLS = st.text() | st.sampled_from(
    ["", "-1", "1e9", "1,000", "12.345", "9" * 5_000, "\x00", "a=b;c", ";;", "=1+1", "NaN", "٣"]
)
ROWS = st.lists(st.tuples(st.integers(0, len(COLUMNS) - 1), CELLS), min_size=1, max_size=4).map(
    lambda changes: [dict(changes).get(place, good) for place, good in enumerate(GOOD)]
)


@given(ROWS | st.lists(CELLS, max_size=12))
def test_row_is_a_product_or_is_refused(cells: list[str]) -> None:
    with suppress(_Refused):
        assert _product(COLUMNS, ImportRow(row=2, cells=cells)).sku


@given(st.lists(st.sampled_from(COLUMNS) | st.text(max_size=8), max_size=10))
def test_header_is_accepted_or_refused(columns: list[str]) -> None:
    with suppress(TidingsError):
        assert _checked_columns(columns)
