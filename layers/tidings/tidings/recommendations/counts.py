"""What a person's deeds add to the rows of the products: pure sums, each person once.

A product has the vector of those who bought it (or looked at it), whose entries are the square
roots of the deeds' weights. `bought` is that vector's square, `near` its product with the
vectors of other products; the cosine of two products follows from these three sums.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import sqrt
from typing import Final

from tidings.recommendations.weights import Field, heat, weight

# A new product is set beside so many that the person bought or looked at last.
MAX_PAIRED: Final[dict[Field, int]] = {"bought": 50, "viewed": 20}

# The other products in a row: `near.<product id>.<field>`.
NEAR: Final = "near."

# Product -> path in its row -> what is added.
Additions = Mapping[str, Mapping[str, float]]
# A product, and when it was first bought or looked at.
Deed = tuple[str, datetime]


def additions(
    new: Sequence[Deed], known: Sequence[Deed], field: Field, *, sign: int = 1
) -> Additions:
    """Return what new deeds of one person add to the rows; `sign=-1` takes it back.

    Args:
        new: products that the person did not have yet.
        known: what the person has already, the latest last.
        field: whether they are bought or looked at.
    """
    added: dict[str, dict[str, float]] = defaultdict(dict)
    partners = list(known[-MAX_PAIRED[field] :])
    for product_id, at in new:
        added[product_id] |= {field: sign * weight(field, at), "heat": sign * heat(field, at)}
        for other_id, other_at in partners:
            together = sign * sqrt(weight(field, at) * weight(field, other_at))
            added[product_id][f"{NEAR}{other_id}.{field}"] = together
            added[other_id][f"{NEAR}{product_id}.{field}"] = together
        partners = [*partners, (product_id, at)][-MAX_PAIRED[field] :]
    return added
