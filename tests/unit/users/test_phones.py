"""Tests of the limits that count telephone numbers together."""

import pytest

from tidings.users.phones import country, number_range


@pytest.mark.parametrize(
    ("phone", "named"),
    [
        ("+4917012345678", "49"),
        ("+12125550123", "1212"),
        ("+18765550123", "1876"),
        ("+79161234567", "7"),
        ("+77011234567", "7"),
        ("+8613800138000", "86"),
        ("+35312345678", "353"),
        ("+96170123456", "961"),
        ("+8801712345678", "880"),
        ("+59170123456", "591"),
        ("+420601234567", "420"),
        ("+21261234567", "212"),
    ],
)
def test_country_is_named_by_the_first_digits(phone: str, named: str) -> None:
    assert country(phone) == named


def test_neighbours_share_a_range() -> None:
    assert number_range("+4917012345678") == number_range("+4917012340000")
    assert number_range("+4917012345678") != number_range("+4917012355678")
