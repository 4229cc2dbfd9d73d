from hypothesis import given
from hypothesis import strategies as st

from tidings.products.fields import MAX_AMOUNT
from tidings.products.price_bands import WIDTHS, bands_between, bands_of

PRICES = st.integers(0, MAX_AMOUNT) | st.integers(0, 200_000)
# A MongoDB merges up to 200 parts of an index.
MOST_BANDS = 24


@given(PRICES, PRICES, PRICES)
def test_price_in_a_range_is_in_exactly_one_of_its_bands(one: int, two: int, three: int) -> None:
    lowest, price, highest = sorted((one, two, three))
    bands = bands_between(lowest, highest)
    assert len(set(bands_of(price)) & set(bands)) == 1
    assert len(set(bands)) == len(bands) <= MOST_BANDS


@given(PRICES, PRICES)
def test_range_may_have_one_end_only(one: int, two: int) -> None:
    low, high = sorted((one, two))
    assert len(set(bands_of(high)) & set(bands_between(low, None))) == 1
    assert len(set(bands_of(low)) & set(bands_between(None, high))) == 1


@given(st.integers(100, MAX_AMOUNT))
def test_bands_of_a_price_do_not_reach_far_beyond_it(price: int) -> None:
    bands = set(bands_between(price, price))
    assert not bands & set(bands_of(price * 107 // 100 + 1))
    assert not bands & set(bands_of(price * 93 // 100 - 1))


def test_bands_of_a_price_have_different_widths() -> None:
    assert bands_of(0) == [f"{width}:0" for width in range(WIDTHS)]
    assert bands_of(5_000)[:2] == ["0:131", "1:32"]
    assert bands_between(5_000, 6_000) == ["0:131", "1:33"]
