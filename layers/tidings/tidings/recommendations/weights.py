"""The weight of an activity by its age: forward decay (Cormode et al., ICDE 2009).

A weight is computed once, from the time between the activity and a fixed landmark in the past. It
grows with that time: an activity one half-life later weighs twice as much. So stored sums do not
change as time passes; they are only compared with each other, or with the current weight of an
activity.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

# The field of a row and of a profile: bought or viewed products.
Field = Literal["bought", "viewed"]
FIELDS: Final[tuple[Field, Field]] = ("bought", "viewed")

# A double can represent 1,023 half-lives: with the shortest one, until 2108.
LANDMARK: Final = datetime(2026, 1, 1, tzinfo=UTC)
HALF_LIFE: Final[dict[Field, timedelta]] = {
    "bought": timedelta(days=180),
    "viewed": timedelta(days=30),
}
HEAT_HALF_LIFE: Final = timedelta(days=30)
# The amount that an activity adds to a product's popularity.
HEAT: Final[dict[Field, float]] = {"bought": 3.0, "viewed": 1.0}


def weight(field: Field, at: datetime) -> float:
    """Return the weight of one activity at that time."""
    return float(2.0 ** ((at - LANDMARK) / HALF_LIFE[field]))


def heat(field: Field, at: datetime) -> float:
    """Return what one activity at that time adds to a product's popularity."""
    return float(HEAT[field] * 2.0 ** ((at - LANDMARK) / HEAT_HALF_LIFE))
