"""Measure the quality of recommendations: recall@10 and nDCG@10.

On generated shops the split is in time. The shop's own code adds up the activities of the first 150
days in memory. A good recommendation list of ten contains the products that a person bought first
in the last 30 days. With TIDINGS_BENCH_DATA, real baskets are measured instead.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from statistics import mean
from typing import Final

from tests.bench.data.shop import BEGIN, SPLIT_DAY, Shop
from tests.bench.quality import baskets
from tests.bench.quality.measures import TOP, ndcg, recall
from tests.bench.quality.memory import Memory
from tests.settings import run_options
from tidings.recommendations.scoring import Scored, score, seeds_of
from tidings.recommendations.weights import FIELDS, Field

SPLIT: Final = BEGIN + timedelta(days=SPLIT_DAY)
SEEDS: Final = (1, 2, 3, 4, 5, 6)
Rank = Callable[[int], list[str]]


@dataclass
class Trial:
    """One generated shop, with the activities before the split added up."""

    seed: int
    shop: Shop = field(init=False)
    memory: Memory = field(init=False)
    wanted: dict[int, set[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.shop, self.memory = Shop(self.seed), Memory()
        deeds = self.shop.deeds()
        self.past = [deed for deed in deeds if deed.at < SPLIT]
        for deed in self.past:
            self.memory.learn(deed)
        later: dict[int, set[str]] = defaultdict(set)
        for deed in deeds:
            profile = self.memory.profiles.get(deed.person)
            if deed.at >= SPLIT and deed.field == "bought" and profile is not None:
                later[deed.person].add(deed.product)
        self.wanted = {
            person: new
            for person, products in later.items()
            if (new := products - self.memory.profiles[person]["bought"].keys())
        }
        self.popular = [
            product
            for product, _ in Counter(
                {p: r["heat"] for p, r in self.memory.rows.items()}
            ).most_common()
        ]
        self.together = self._together()

    def ours(self, kinds: Iterable[Field] = FIELDS) -> Rank:
        def rank(person: int) -> list[str]:
            seeds = seeds_of(self.memory.deeds_of(person, kinds, SPLIT), SPLIT)
            scored: list[Scored] = score(seeds, self.memory.rows, SPLIT)
            return self._new(person, [*(each.product_id for each in scored), *self.popular])

        return rank

    def raw(self) -> Rank:
        """Count only the people who had both products, without decay, damping or correction."""

        def rank(person: int) -> list[str]:
            found: Counter[str] = Counter()
            for kind in FIELDS:
                for product in self.memory.profiles[person][kind]:
                    found.update(self.together[product])
            return self._new(person, [product for product, _ in found.most_common()])

        return rank

    def most_wanted(self) -> Rank:
        return lambda person: self._new(person, self.popular)

    def chance(self) -> Rank:
        random = Random(self.seed)
        ids = [each.id for each in self.shop.products]
        return lambda person: self._new(person, random.sample(ids, len(ids)))

    def all_knowing(self) -> Rank:
        def rank(person: int) -> list[str]:
            odds = self.shop.odds(self.shop.people[person], SPLIT_DAY + 15)
            return self._new(person, sorted(odds, key=lambda each: -odds[each]))

        return rank

    def measure(self, rank: Rank) -> tuple[float, float, float]:
        """Return recall, nDCG, and the milliseconds for a list."""
        begun = time.perf_counter()
        lists = {person: rank(person) for person in self.wanted}
        spent = (time.perf_counter() - begun) * 1000 / len(lists)
        return (
            mean(recall(lists[person], wanted) for person, wanted in self.wanted.items()),
            mean(ndcg(lists[person], wanted) for person, wanted in self.wanted.items()),
            spent,
        )

    def _new(self, person: int, ranked: Iterable[str]) -> list[str]:
        bought = self.memory.profiles[person]["bought"]
        return list(dict.fromkeys(each for each in ranked if each not in bought))[:TOP]

    def _together(self) -> dict[str, Counter[str]]:
        had: dict[int, set[str]] = defaultdict(set)
        for deed in self.past:
            had[deed.person].add(deed.product)
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for products in had.values():
            for each in products:
                found[each].update(products - {each})
        return found


METHODS: Final[dict[str, Callable[[Trial], Rank]]] = {
    "Tidings: purchases and looks": lambda trial: trial.ours(),
    "Tidings: purchases only": lambda trial: trial.ours(("bought",)),
    "Tidings: looks only": lambda trial: trial.ours(("viewed",)),
    "co-occurrence, uncorrected": lambda trial: trial.raw(),
    "popularity": lambda trial: trial.most_wanted(),
    "random": lambda trial: trial.chance(),
    "the generator's own odds": lambda trial: trial.all_knowing(),
}


def main() -> None:
    if data := run_options().bench_data:
        baskets.main(data)
    else:
        measure_shops()


def measure_shops() -> None:
    """Print the table of the generated shops."""
    trials = [Trial(seed) for seed in SEEDS]
    people = sum(len(trial.wanted) for trial in trials)
    deeds = sum(len(trial.past) for trial in trials)
    print(f"{len(trials)} shops, {deeds} deeds before the split, {people} people to guess for.\n")
    print("| method | recall@10 | nDCG@10 | ms a list |")
    print("|---|---|---|---|")
    for name, method in METHODS.items():
        found = [trial.measure(method(trial)) for trial in trials]
        recall_at, ndcg_at, spent = (mean(each) for each in zip(*found, strict=True))
        print(f"| {name} | {recall_at:.3f} | {ndcg_at:.3f} | {spent:.1f} |")


if __name__ == "__main__":
    main()
