"""A process with the library `implicit`: learns from baskets, and recommends for other baskets.

It prints the names of its methods, then answers each line of standard input with a line. It
imports nothing of this project, because it runs with the packages of requirements/bench.txt.
"""

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

import implicit.nearest_neighbours as nearest
from scipy.sparse import csr_matrix

# K: neighbours of a good, as many as Tidings uses. The defaults of BM25, then three of the best of
# 20 other settings.
K = 100
METHODS: dict[str, Callable[[], Any]] = {
    "cosine": lambda: nearest.CosineRecommender(K=K, num_threads=1),
    "TF-IDF": lambda: nearest.TFIDFRecommender(K=K, num_threads=1),
    "co-occurrence": lambda: nearest.ItemItemRecommender(K=K, num_threads=1),
    "BM25 (K1=1.2, B=0.75)": lambda: nearest.BM25Recommender(K=K, K1=1.2, B=0.75, num_threads=1),
    "BM25 (K1=1.2, B=0.2)": lambda: nearest.BM25Recommender(K=K, K1=1.2, B=0.2, num_threads=1),
    "BM25 (K1=1.2, B=0.5)": lambda: nearest.BM25Recommender(K=K, K1=1.2, B=0.5, num_threads=1),
    "BM25 (K1=100, B=0.2)": lambda: nearest.BM25Recommender(K=K, K1=100, B=0.2, num_threads=1),
}


def recommend(
    method: str, top: int, learn: list[list[str]], baskets: list[list[str]]
) -> list[list[str]]:
    """Return a list of goods for each basket, without the basket's own."""
    goods = sorted({good for basket in learn + baskets for good in basket})
    numbers = {good: number for number, good in enumerate(goods)}
    model = METHODS[method]()
    model.fit(_matrix(learn, numbers), show_progress=False)
    matrix = _matrix(baskets, numbers)
    found, _ = model.recommend(range(len(baskets)), matrix, N=top, filter_already_liked_items=True)
    return [[goods[number] for number in row if number >= 0] for row in found]


def _matrix(baskets: list[list[str]], numbers: dict[str, int]) -> Any:
    rows = [row for row, basket in enumerate(baskets) for _ in basket]
    columns = [numbers[good] for basket in baskets for good in basket]
    return csr_matrix(([1.0] * len(rows), (rows, columns)), shape=(len(baskets), len(numbers)))


def main() -> None:
    warnings.simplefilter("ignore")  # the library advises other threads, and other formats
    print(json.dumps(list(METHODS)), flush=True)
    for line in sys.stdin:
        print(json.dumps(recommend(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
