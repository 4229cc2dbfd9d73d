"""Measures of a ranked list: recall@10 and nDCG@10."""

from collections.abc import Sequence
from math import log2
from typing import Final

TOP: Final = 10


def recall(ranked: Sequence[str], wanted: set[str]) -> float:
    return len(wanted & set(ranked[:TOP])) / min(TOP, len(wanted))


def ndcg(ranked: Sequence[str], wanted: set[str]) -> float:
    gain = sum(1 / log2(place + 2) for place, each in enumerate(ranked[:TOP]) if each in wanted)
    return gain / sum(1 / log2(place + 2) for place in range(min(TOP, len(wanted))))
