"""Baskets of a real shop: a text file with one basket per line, its goods separated by commas."""

import csv
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

# A fifth of the baskets has to be enough for a mean.
MIN_BASKETS: Final = 50
MAX_GOOD: Final = 200

Basket = list[str]


class UnusableBaskets(Exception):
    """The file has no baskets; the text says why and where."""


class Guess(NamedTuple):
    """A basket without one of its goods, which a good list contains."""

    basket: Basket
    hidden: str


class Split(NamedTuple):
    """The baskets to learn from, and those to guess for."""

    learn: list[Basket]
    guess: list[Guess]


def read_baskets(path: Path) -> list[Basket]:
    """Return the baskets of a file, each good once.

    Raises:
        UnusableBaskets: the file cannot be read, or has something else than baskets.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = _lines(path, file)
    except OSError as error:
        raise UnusableBaskets(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UnusableBaskets(f"{path}: byte {error.start} is not UTF-8 text") from None
    _refuse_tables(path, lines)
    baskets = [list(dict.fromkeys(goods)) for goods in lines]
    usable = sum(len(each) > 1 for each in baskets)
    if usable < MIN_BASKETS:
        raise UnusableBaskets(
            f"{path}: {usable} baskets with two goods or more, {MIN_BASKETS} are needed"
        )
    return baskets


def split(baskets: list[Basket], seed: int) -> Split:
    """Hide one good of each of a fifth of the baskets, chosen by chance; learn from all others."""
    random = Random(seed)
    usable = [number for number, basket in enumerate(baskets) if len(basket) > 1]
    chosen = set(random.sample(usable, min(len(baskets) // 5, len(usable))))
    guesses = []
    for number in sorted(chosen):
        hidden = random.choice(baskets[number])
        guesses.append(Guess([each for each in baskets[number] if each != hidden], hidden))
    return Split([b for number, b in enumerate(baskets) if number not in chosen], guesses)


def _lines(path: Path, file: Iterable[str]) -> list[Basket]:
    reader, found = csv.reader(file), []
    try:
        for fields in reader:
            if any(each.strip() for each in fields):
                found.append(_goods(path, reader.line_num, fields))
    except csv.Error as error:
        raise UnusableBaskets(f"{path}, line {reader.line_num}: {error}") from None
    return found


def _goods(path: Path, line: int, fields: list[str]) -> Basket:
    goods = [each.strip() for each in fields]
    for number, good in enumerate(goods, start=1):
        if not good or len(good) > MAX_GOOD:
            problem = "is empty" if not good else f"has more than {MAX_GOOD} characters"
            raise UnusableBaskets(f"{path}, line {line}: good {number} {problem}")
    return goods


def _refuse_tables(path: Path, lines: list[Basket]) -> None:
    sizes = {len(goods) for goods in lines}
    if len(lines) > 1 and len(sizes) == 1 and min(sizes) > 1:
        raise UnusableBaskets(
            f"{path}: each line has {min(sizes)} columns, as in a table;"
            " a file of baskets has one basket per line, its goods separated by commas"
        )
