"""The popular products that complete lists are read once a minute, not for each list."""

import pytest

from tests.integration.builders import a_product
from tests.integration.recommendations import builders
from tests.integration.recommendations.builders import a_customer, buys, learn_all, titles_of
from tidings.recommendations import lists
from tidings.recommendations.lists import compute_list


class Clock:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(lists, "time", moved)
    monkeypatch.setattr(builders, "forget_popular", lambda: None)
    return moved


def test_lists_share_popular_products_for_a_minute(clock: Clock, commands: list[str]) -> None:
    people = [a_customer() for _ in range(3)]
    tent = a_product(title="Tent", categories=["camping"])
    for person in people:
        buys(person, tent)
    learn_all()
    compute_list(people[0].user_id)
    counts = []
    for person in people[1:]:
        commands.clear()
        compute_list(person.user_id)
        counts.append(commands.count("find"))
    assert counts == [3, 3], "the profile, the rows and the demand"

    stove = a_product(title="Stove", categories=["camping"])
    buys(a_customer(), stove)
    clock.seconds += lists.POPULAR_SECONDS - 1
    learn_all()
    compute_list(people[0].user_id)
    assert "Stove" not in titles_of(people[0])
    clock.seconds += 1
    compute_list(people[0].user_id)
    assert "Stove" in titles_of(people[0])


def test_popular_products_of_many_categories_do_not_fill_the_memory(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_KEPT", 3)
    popular = lists._Popular()
    for number in range(10):
        popular.of((f"category {number}",))
        assert len(popular._kept) <= 3
