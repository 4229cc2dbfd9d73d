"""Measure recommendations on real baskets, beside an established library.

One good of each basket of a fifth is hidden. All methods learn from the other baskets, and
recommend from the rest of each basket. Each basket is one person's only purchase.
"""

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import mean, stdev
from typing import Final, NamedTuple

from tests.bench.data.baskets import Basket, Split, UnusableBaskets, read_baskets, split
from tests.bench.data.shop import BEGIN, Deed
from tests.bench.quality.measures import TOP, ndcg, recall
from tests.bench.quality.memory import Memory
from tests.settings import run_options
from tidings.recommendations.scoring import score, seeds_of

SEEDS: Final = tuple(range(1, 21))
LIBRARY: Final = Path(__file__).with_name("library.py")
LIBRARY_SECONDS: Final = 15 * 60

Lists = list[list[str]]
Method = Callable[[Split], Lists]


class Quality(NamedTuple):
    """The means over the guesses of one split."""

    recall: float
    ndcg: float


def ours(parts: Split) -> Lists:
    """Recommend by the product's own code, completed with popular goods as the product does."""
    memory = Memory()
    for person, basket in enumerate(parts.learn):
        for good in basket:
            memory.learn(Deed(person, good, "bought", BEGIN))
    heat = {good: row["heat"] for good, row in memory.rows.items()}
    popular = sorted(heat, key=lambda good: -heat[good])
    found = []
    for basket, _ in parts.guess:
        seeds = seeds_of({"bought": [(good, BEGIN) for good in basket], "viewed": []}, BEGIN)
        scored = [each.product_id for each in score(seeds, memory.rows, BEGIN)]
        found.append(_new(basket, [*scored, *popular]))
    return found


def popularity(parts: Split) -> Lists:
    bought = Counter(good for basket in parts.learn for good in basket)
    popular = [good for good, _ in bought.most_common()]
    return [_new(basket, popular) for basket, _ in parts.guess]


def chance(parts: Split) -> Lists:
    random = Random(len(parts.guess))
    goods = sorted({good for basket in parts.learn for good in basket})
    return [_new(basket, random.sample(goods, len(goods))) for basket, _ in parts.guess]


class Library:
    """The library, in a process with its own Python packages."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.methods: list[str] = self._read()

    def __call__(self, method: str, parts: Split) -> Lists:
        question = {"method": method, "top": TOP, "learn": parts.learn}
        found: Lists = self._ask(question | {"baskets": [each.basket for each in parts.guess]})
        return found

    def _ask(self, question: object) -> Lists:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: Lists = self._read()
        return answer

    def _read(self) -> list:  # type: ignore[type-arg]
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the library's process ended; its error is above")
        found: list = json.loads(line)  # type: ignore[type-arg]
        return found


@contextmanager
def library() -> Iterator[Library]:
    """Start the library's process; TIDINGS_BENCH_PYTHON has it installed."""
    python = run_options().bench_python
    if python is None:
        raise SystemExit("start this by `make bench T=recommendations DATA=<file>`")
    # Threads of a matrix of 169 goods only take the processors from other work.
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")
    with subprocess.Popen(
        [str(python), str(LIBRARY)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            yield Library(process)
        finally:
            process.kill()


def measured(lists: Sequence[Sequence[str]], parts: Split) -> Quality:
    """Return recall and nDCG; the hidden good is the only right one."""
    wanted = [{each.hidden} for each in parts.guess]
    return Quality(
        mean(recall(found, right) for found, right in zip(lists, wanted, strict=True)),
        mean(ndcg(found, right) for found, right in zip(lists, wanted, strict=True)),
    )


def main(path: Path) -> None:
    """Print a table."""
    try:
        baskets = read_baskets(path)
    except UnusableBaskets as error:
        raise SystemExit(str(error)) from None
    goods = len({good for basket in baskets for good in basket})
    splits = [split(baskets, seed) for seed in SEEDS]
    guesses = len(splits[0].guess)
    print(f"{len(baskets):,} baskets of {goods} goods, {len(SEEDS)} splits, {guesses:,} guesses.\n")
    print("| method | recall@10 | its spread | nDCG@10 | its spread | seconds |")
    print("|---|---|---|---|---|---|")
    _row("Tidings", ours, splits)
    with library() as implicit:
        for name in implicit.methods:
            _row(f"implicit: {name}", lambda parts, name=name: implicit(name, parts), splits)  # type: ignore[misc]
    _row("popularity", popularity, splits)
    _row("random", chance, splits)


def _row(name: str, method: Method, splits: Sequence[Split]) -> None:
    begun = time.perf_counter()
    found = [measured(method(parts), parts) for parts in splits]
    seconds = (time.perf_counter() - begun) / len(splits)
    cells = [
        f"{mean(values):.4f} | {stdev(values):.4f}"
        for values in ([each.recall for each in found], [each.ndcg for each in found])
    ]
    print(f"| {name} | {' | '.join(cells)} | {seconds:.1f} |", flush=True)


def _new(basket: Basket, ranked: Sequence[str]) -> list[str]:
    return [each for each in dict.fromkeys(ranked) if each not in basket][:TOP]
