"""The sums of activities in memory, added up by the product's own code."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.bench.data.shop import Deed
from tidings.recommendations.counts import additions
from tidings.recommendations.models import BROWSING_LASTS
from tidings.recommendations.weights import FIELDS, Field


@dataclass
class Memory:
    """The sums of all activities, added up in memory as the consumer does in MongoDB."""

    rows: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(_row))
    # Person -> kind -> product -> first and last time.
    profiles: dict[int, dict[Field, dict[str, list[datetime]]]] = field(
        default_factory=lambda: defaultdict(lambda: {"bought": {}, "viewed": {}})
    )

    def learn(self, deed: Deed) -> None:
        known = self.profiles[deed.person][deed.field]
        if deed.field == "viewed":
            for product in [p for p, (_, last) in known.items() if last < deed.at - BROWSING_LASTS]:
                del known[product]
        if deed.product in known:
            known[deed.product][1] = deed.at
            return
        before = [(product, first) for product, (first, _) in known.items()]
        for product, paths in additions([(deed.product, deed.at)], before, deed.field).items():
            for path, amount in paths.items():
                _add(self.rows[product], path, amount)
        known[deed.product] = [deed.at, deed.at]

    def deeds_of(
        self, person: int, kinds: Iterable[Field], at: datetime
    ) -> Mapping[Field, list[tuple[str, datetime]]]:
        profile = self.profiles[person]
        recent = at - BROWSING_LASTS
        return {
            kind: [
                (product, last)
                for product, (_, last) in profile[kind].items()
                if kind in kinds and (kind == "bought" or last > recent)
            ]
            for kind in FIELDS
        }


def _row() -> dict[str, Any]:
    return {"bought": 0.0, "viewed": 0.0, "heat": 0.0, "near": {}}


def _add(row: dict[str, Any], path: str, amount: float) -> None:
    """Add at a path, as MongoDB's $inc does."""
    *outer, name = path.split(".")
    for each in outer:
        row = row.setdefault(each, {})
    row[name] = row.get(name, 0.0) + amount
