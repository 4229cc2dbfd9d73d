"""Find the people who follow a product."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from tidings.platform.timing.clock import now
from tidings.recommendations.models import BROWSING_LASTS, CustomerProfile


class Followers(NamedTuple):
    """Some of a product's followers; `last_id` is None if there are no more."""

    user_ids: list[str]
    last_id: str | None


def followers_of(
    product_id: str, after: str | None, limit: int, *, at: datetime | None = None
) -> Followers:
    """Return people who viewed a product in the last 30 days and have not bought it since.

    They are ordered by id, starting after `after`. It checks no rights: it is for consumers of
    other domains. An index finds the people, and only this one product is read of each.
    """
    of_product = {"$elemMatch": {"product_id": product_id}}
    looked = {"product_id": product_id, "at": {"$gte": (at or now()) - BROWSING_LASTS}}
    where: dict[str, Any] = {"viewed": {"$elemMatch": looked}, "viewed.product_id": product_id}
    if after is not None:
        where["_id"] = {"$gt": after}
    kept = {"viewed": of_product, "bought": of_product}
    found = list(CustomerProfile._get_collection().find(where, kept).sort("_id").limit(limit))
    return Followers(
        user_ids=[each["_id"] for each in found if not _bought_since(each)],
        last_id=found[-1]["_id"] if len(found) == limit else None,
    )


def _bought_since(profile: Mapping[str, Any]) -> bool:
    bought = [each["at"] for each in profile.get("bought") or ()]
    return bool(bought) and max(bought) >= max(each["at"] for each in profile["viewed"])
