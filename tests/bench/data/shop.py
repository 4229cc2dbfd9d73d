"""A generated shop with known preferences, so that recommendations can be measured.

Products belong to categories, and some to kits of four that are bought together. Their popularity
follows Zipf's law, as in real shops, and changes over time. Each person prefers one to three
categories, and one person in three replaces one of them later. A visit consists of a few views,
mostly in a preferred category and sometimes of popular products. Most bought products were viewed
before, and the rest of a kit is often bought with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final, NamedTuple

from tidings.recommendations.weights import Field

BEGIN: Final = datetime.fromisoformat("2026-03-01T00:00:00+00:00")
DAYS: Final = 180
SPLIT_DAY: Final = 150
PRODUCTS: Final = 600
CATEGORIES: Final = 30
KIT: Final = 4
PEOPLE: Final = 3_000
ZIPF: Final = 0.8
ELSEWHERE: Final = 0.2
BUYS: Final = 0.35
DRAWS: Final = 0.25


class Deed(NamedTuple):
    """A person's purchase or view of a product."""

    person: int
    product: str
    field: Field
    at: datetime


@dataclass
class Product:
    id: str
    category: int
    kit: int
    popularity: float
    # The popularity grows or shrinks by this factor in the whole time.
    trend: float

    def wanted(self, day: float) -> float:
        return self.popularity * (1 + self.trend * day / DAYS)


@dataclass
class Person:
    number: int
    # The categories with their weights; the second set applies from `changes` on.
    hearts: tuple[dict[int, float], dict[int, float]]
    changes: float
    visits: float

    def heart(self, day: float) -> dict[int, float]:
        return self.hearts[day >= self.changes]


class Shop:
    """The products, the people, and their activities."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.products = [self._product(number) for number in range(PRODUCTS)]
        self.people = [self._person(number) for number in range(PEOPLE)]
        self.by_category: dict[int, list[Product]] = {}
        for each in self.products:
            self.by_category.setdefault(each.category, []).append(each)

    def deeds(self) -> list[Deed]:
        """Return the activities of all people in order of time."""
        done = [deed for person in self.people for deed in self._life(person)]
        return sorted(done, key=lambda each: each.at)

    def odds(self, person: Person, day: float) -> dict[str, float]:
        """Return the true probability that the person views each product."""
        everybody = sum(each.wanted(day) for each in self.products)
        found = {each.id: ELSEWHERE * each.wanted(day) / everybody for each in self.products}
        heart = person.heart(day)
        for category, share in heart.items():
            shelf = self.by_category[category]
            total = sum(each.wanted(day) for each in shelf)
            for each in shelf:
                found[each.id] += (1 - ELSEWHERE) * share * each.wanted(day) / total
        return found

    def _product(self, number: int) -> Product:
        category = number % CATEGORIES
        rank = self.random.randrange(1, PRODUCTS + 1)
        trend = self.random.choice((-0.8, 0.0, 0.0, 2.0))
        kit = number // CATEGORIES // KIT
        return Product(f"{number:024x}", category, category * 100 + kit, rank**-ZIPF, trend)

    def _person(self, number: int) -> Person:
        chosen = self.random.sample(range(CATEGORIES), self.random.randint(1, 3))
        shares = [self.random.uniform(0.3, 1.0) for _ in chosen]
        first = {c: share / sum(shares) for c, share in zip(chosen, shares, strict=True)}
        second = dict(first)
        if self.random.random() < 1 / 3:
            gone = self.random.choice(chosen)
            share = second.pop(gone)
            new = self.random.choice([c for c in range(CATEGORIES) if c not in second])
            second[new] = share
        changes = self.random.uniform(30, DAYS - 10)
        visits = self.random.paretovariate(1.5) * 3
        return Person(number, (first, second), changes, min(visits, 40))

    def _life(self, person: Person) -> Iterator[Deed]:
        wants: list[Product] = []
        for day in sorted(self.random.uniform(0, DAYS) for _ in range(round(person.visits))):
            at = BEGIN + timedelta(days=day)
            looked = [self._look(person, day) for _ in range(self.random.randint(2, 7))]
            if wants and self.random.random() < 0.7:
                looked.append(wants.pop(0))
            for each in looked:
                yield Deed(person.number, each.id, "viewed", at)
            if self.random.random() < BUYS:
                bought = looked[-1]
                yield Deed(person.number, bought.id, "bought", at + timedelta(minutes=10))
                kit = [e for e in self.by_category[bought.category] if e.kit == bought.kit]
                wants += [e for e in kit if e is not bought and self.random.random() < DRAWS * 2]

    def _look(self, person: Person, day: float) -> Product:
        if self.random.random() < ELSEWHERE:
            shelf = self.products
        else:
            heart = person.heart(day)
            (category,) = self.random.choices(list(heart), list(heart.values()))
            shelf = self.by_category[category]
        return self.random.choices(shelf, [each.wanted(day) for each in shelf])[0]
