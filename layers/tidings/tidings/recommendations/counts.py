"""Compute what a person's activities add to the rows of the products; pure functions.

A product has a vector of the people who bought (or viewed) it; its entries are the square roots of
the activities' weights. `bought` is that vector's square, `near` its products with the vectors of
other products. The similarity of two products follows from these sums. `pairs` says how much a
product comes together with others at all: it sums the pairs that the product joined, which is
every pair whose other product was not had later.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import sqrt
from typing import Final

from tidings.recommendations.weights import Field, heat, weight

# A new product is paired with this many products that the person bought or viewed last.
MAX_PAIRED: Final[dict[Field, int]] = {"bought": 50, "viewed": 20}

# The prefix of the other products in a row: `near.<product id>.<field>`.
NEAR: Final = "near."

# The prefix of a product's own pairs: `pairs.<field>`.
PAIRS: Final = "pairs."

# Product -> path in its row -> the amount to add.
Additions = Mapping[str, Mapping[str, float]]
# A product, and the time when it was first bought or viewed.
Deed = tuple[str, datetime]


def additions(
    new: Sequence[Deed], known: Sequence[Deed], field: Field, *, sign: int = 1
) -> Additions:
    """Return what a person's new activities add to the rows; `sign=-1` withdraws them.

    Args:
        new: products that the person did not have yet.
        known: products that the person already has, the latest last.
        field: whether they are bought or viewed.
    """
    added: dict[str, dict[str, float]] = defaultdict(dict)
    partners = list(known[-MAX_PAIRED[field] :])
    for product_id, at in new:
        added[product_id] |= {field: sign * weight(field, at), "heat": sign * heat(field, at)}
        for other_id, other_at in partners:
            together = sign * sqrt(weight(field, at) * weight(field, other_at))
            added[product_id][f"{NEAR}{other_id}.{field}"] = together
            added[other_id][f"{NEAR}{product_id}.{field}"] = together
            # By the time, not by the order of the events, and usually in the new product only,
            # whose demand is written anyway.
            if at >= other_at:
                _add(added[product_id], f"{PAIRS}{field}", together)
            if other_at >= at:
                _add(added[other_id], f"{PAIRS}{field}", together)
        partners = [*partners, (product_id, at)][-MAX_PAIRED[field] :]
    return added


def _add(paths: dict[str, float], path: str, amount: float) -> None:
    paths[path] = paths.get(path, 0.0) + amount
