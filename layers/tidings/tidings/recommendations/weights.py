"""How much an old deed weighs: forward decay (Cormode et al., ICDE 2009).

A weight is computed once, from the time of the deed to a fixed landmark in the past, and grows
with that time: a deed of one half-life later weighs twice as much. So sums are never touched
by time passing; they are only compared with each other, or with the weight of a deed now.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

# The field of a row and of a taste: what was bought, or what was looked at.
Field = Literal["bought", "viewed"]
FIELDS: Final[tuple[Field, Field]] = ("bought", "viewed")

# A double holds 1,023 half-lives: until 2108 with the shortest one.
LANDMARK: Final = datetime(2026, 1, 1, tzinfo=UTC)
HALF_LIFE: Final[dict[Field, timedelta]] = {
    "bought": timedelta(days=180),
    "viewed": timedelta(days=30),
}
HEAT_HALF_LIFE: Final = timedelta(days=30)
# What a deed adds to a product's popularity.
HEAT: Final[dict[Field, float]] = {"bought": 3.0, "viewed": 1.0}


def weight(field: Field, at: datetime) -> float:
    """Return what one deed of that time weighs."""
    return float(2.0 ** ((at - LANDMARK) / HALF_LIFE[field]))


def heat(field: Field, at: datetime) -> float:
    """Return what one deed of that time adds to a product's popularity."""
    return float(HEAT[field] * 2.0 ** ((at - LANDMARK) / HEAT_HALF_LIFE))
