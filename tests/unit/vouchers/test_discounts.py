"""Discounts are exact: whole minor units, rounded once, never more than the sum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tidings.products.fields import MAX_AMOUNT
from tidings.vouchers.discounts import discount_on, hundredths_of, percent_of, written
from tidings.vouchers.fields import Percent

PERCENT = TypeAdapter[str](Percent)
hundredths = st.integers(1, 10_000)
sums = st.integers(0, 9 * MAX_AMOUNT)


@pytest.mark.parametrize(
    ("subtotal", "percent", "discount"),
    [
        (10_000, "10", 1_000),
        (999, "50", 500),  # 499.5 is rounded up
        (1, "49.99", 0),
        (1, "50", 1),
        (333, "33.33", 111),  # 110.9889
        (7, "100", 7),
        (0, "100", 0),
    ],
)
def test_per_cent_is_rounded_to_a_minor_unit(subtotal: int, percent: str, discount: int) -> None:
    found = discount_on(subtotal, amount=None, hundredths=hundredths_of(percent))
    assert found == discount


@pytest.mark.parametrize(("subtotal", "amount", "discount"), [(500, 300, 300), (200, 300, 200)])
def test_amount_is_at_most_the_sum(subtotal: int, amount: int, discount: int) -> None:
    assert discount_on(subtotal, amount=amount, hundredths=None) == discount


@given(sums, hundredths)
def test_per_cent_differs_from_the_exact_one_by_half_a_unit_at_most(
    subtotal: int, part: int
) -> None:
    found = discount_on(subtotal, amount=None, hundredths=part)
    assert 0 <= found <= subtotal
    assert abs(found * 10_000 - subtotal * part) <= 5_000


@given(hundredths)
def test_per_cent_is_read_as_it_is_written(part: int) -> None:
    text = percent_of(part)
    assert PERCENT.validate_python(text) == text
    assert hundredths_of(text) == part


@pytest.mark.parametrize("text", ["0", "0.00", "100.01", "101", "12.345", "-5", "1e1", "5,5", ""])
def test_other_per_cents_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        PERCENT.validate_python(text)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(5_000, "EUR", "50.00 EUR"), (5, "KWD", "0.005 KWD"), (5_000, "JPY", "5000 JPY")],
)
def test_amount_in_a_message_has_the_decimals_of_its_currency(
    amount: int, currency: str, text: str
) -> None:
    assert written(amount, currency) == text
