"""Files of baskets for the benchmark of recommendations: read, refused, split, measured."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.data.baskets import MIN_BASKETS, Guess, Split, UnusableBaskets, read_baskets, split
from tests.bench.quality.baskets import chance, measured, ours, popularity

LINES = ["bread,butter", "bread,butter,jam", "tea"] * MIN_BASKETS
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(lines: list[str], encoding: str = "utf-8") -> Path:
        file = tmp_path / "baskets.csv"
        file.write_bytes("\n".join(lines).encode(encoding))
        return file

    return to_file


def test_each_line_is_a_basket_with_each_good_once(write: Write) -> None:
    found = read_baskets(write(['bread, butter ,bread,"jam, red"', "", *LINES]))
    assert found[0] == ["bread", "butter", "jam, red"]
    assert len(found) == 1 + len(LINES)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "0 baskets with two goods"),
        (["tea"] * 1_000, "0 baskets with two goods"),
        (LINES[: MIN_BASKETS // 2], "are needed"),
        (["order,product,quantity", *["1,tent,2"] * 1_000], "each line has 3 columns"),
        ([*LINES, "bread,,jam"], f"line {len(LINES) + 1}: good 2 is empty"),
        (["x" * 1_000, *LINES], "line 1: good 1 has more than"),
    ],
)
def test_other_content_is_refused_with_its_place(
    write: Write, lines: list[str], problem: str
) -> None:
    file = write(lines)
    with pytest.raises(UnusableBaskets, match=problem) as told:
        read_baskets(file)
    assert str(file) in str(told.value)


def test_file_in_another_encoding_is_refused(write: Write) -> None:
    with pytest.raises(UnusableBaskets, match="byte 3 is not UTF-8"):
        read_baskets(write(["café,tea", *LINES], encoding="latin-1"))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableBaskets, match="No such file"):
        read_baskets(tmp_path / "none.csv")


def test_a_fifth_is_guessed_and_the_rest_learned() -> None:
    baskets = [[f"a{number}", f"b{number}"] for number in range(100)] + [["tea"]] * 100
    parts = split(baskets, seed=1)
    assert len(parts.guess) == 40
    together = [sorted([*each.basket, each.hidden]) for each in parts.guess]
    assert sorted([*together, *parts.learn]) == sorted(baskets)
    assert parts == split(baskets, seed=1)
    assert parts != split(baskets, seed=2)


def test_first_place_is_worth_more_than_the_second() -> None:
    parts = Split([], [Guess(["a"], "b")])
    first, second = measured([["b", "c"]], parts), measured([["c", "b"]], parts)
    assert (first.recall, second.recall) == (1, 1)
    assert first.ndcg == 1 > second.ndcg > 0
    assert measured([["c"]], parts) == (0, 0)


def test_goods_of_a_basket_are_not_recommended_again() -> None:
    parts = Split([["a", "b"], ["a", "c"], ["d"]], [Guess(["a"], "b")])
    for method in (ours, popularity, chance):
        assert set(method(parts)[0]) == {"b", "c", "d"}
    assert set(ours(parts)[0][:2]) == {"b", "c"}
