"""Count a person's activities in the rows of the products, each activity once.

The activity's flag `counted`, the person's profile and the rows change in one transaction: a
repeated message finds the flag and counts nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from tidings.platform.storage import database
from tidings.platform.storage.database import in_transaction
from tidings.products.queries import get_products_by_id, get_products_on_sale
from tidings.recommendations.counts import NEAR, Additions, Deed, additions
from tidings.recommendations.models import (
    Activity,
    ActivityKind,
    CustomerProfile,
    Demand,
    Row,
    interest,
)
from tidings.recommendations.weights import Field

MAX_BOUGHT: Final = 200
MAX_VIEWED: Final = 50
MOST: Final[dict[Field, int]] = {"bought": MAX_BOUGHT, "viewed": MAX_VIEWED}
FIELD_OF: Final[dict[str, Field]] = {
    ActivityKind.PURCHASED.value: "bought",
    ActivityKind.BROWSED.value: "viewed",
}

Stored = dict[str, Any]


class _Overtaken(Exception):
    """Aborts the transaction: another process counted or undid an activity after it was read."""


def count(activity_id: str) -> bool | None:
    """Count an activity, unless that was done before; return whether it was counted now.

    It returns None if the activity no longer exists.
    """
    activity = Activity.objects(pk=activity_id, void=False).first()
    if activity is None:
        return None
    if activity.counted:
        return False
    products = get_products_by_id([each.product_id for each in activity.items])
    categories = {each.id: list(each.categories) for each in products.values()}
    return in_transaction(lambda session: _count(activity_id, categories, session))


def count_together(activity_ids: Sequence[str]) -> dict[str, bool]:
    """Count activities that were not counted before, in one transaction.

    Returns:
        By activity whether it was counted now. Activities that no longer exist are missing.

    Raises:
        Exception: another process changed one of them meanwhile; nothing is counted.
    """
    if not activity_ids:
        return {}
    where = {"_id": {"$in": list(activity_ids)}, "void": False}
    found = list(Activity._get_collection().find(where).sort("_id"))
    fresh = [each for each in found if not each["counted"]]
    if fresh:
        # From the cache, where the lists of these people find them again.
        products = get_products_on_sale(
            sorted({item["product_id"] for each in fresh for item in each["items"]})
        )
        categories = {each.id: list(each.categories) for each in products.values()}
        in_transaction(lambda session: _count_all(fresh, categories, session))
    return {each["_id"]: not each["counted"] for each in found}


def uncount(key: str) -> None:
    """Withdraw the counts of an activity that was undone, and mark it as void."""
    in_transaction(lambda session: _uncount(key, session))


def _count(activity_id: str, categories: Mapping[str, list[str]], session: ClientSession) -> bool:
    activity = Activity._get_collection().find_one_and_update(
        {"_id": activity_id, "counted": False, "void": False},
        {"$set": {"counted": True}},
        session=session,
    )
    if activity is None:
        return False
    field = FIELD_OF[activity["kind"]]
    known = _known(activity["user_id"], field, session)
    added, latest = _taken_in(activity, list(known.values()), field, categories)
    _write_rows(added, categories, session)
    _write_taste(activity["user_id"], field, latest, activity["at"], session)
    return True


def _count_all(
    fresh: Sequence[Stored], categories: Mapping[str, list[str]], session: ClientSession
) -> None:
    ids = [each["_id"] for each in fresh]
    counted = Activity._get_collection().update_many(
        {"_id": {"$in": ids}, "counted": False, "void": False},
        {"$set": {"counted": True}},
        session=session,
    )
    if counted.modified_count < len(ids):
        raise _Overtaken
    users = list({each["user_id"] for each in fresh})
    found = CustomerProfile._get_collection().find(
        {"_id": {"$in": users}}, ["bought", "viewed"], session=session
    )
    profiles: dict[str, Stored] = {each["_id"]: each for each in found}
    added: dict[str, dict[str, float]] = {}
    tastes: dict[str, Stored] = {}
    for each in fresh:
        field = FIELD_OF[each["kind"]]
        profile = profiles.setdefault(each["user_id"], {})
        more, latest = _taken_in(each, profile.get(field) or [], field, categories)
        profile[field] = latest
        _add(added, more)
        taste = tastes.setdefault(each["user_id"], {"active_at": each["at"]})
        taste["active_at"] = max(taste["active_at"], each["at"])
        taste[field] = latest
    _write_rows(added, categories, session)
    _write_tastes(tastes, session)


def _taken_in(
    activity: Stored, before: Sequence[Stored], field: Field, categories: Mapping[str, list[str]]
) -> tuple[Additions, list[Stored]]:
    """Return what an activity adds to the rows, and the person's products after it, latest last."""
    items = [item for item in activity["items"] if item["product_id"] in categories]
    known = {each["product_id"]: each for each in before}
    new = _remember(known, items, activity["_id"])
    deeds = [_deed(each) for each in known.values() if each["product_id"] not in new]
    added = additions([_deed(known[each]) for each in new], deeds, field)
    return added, sorted(known.values(), key=lambda each: each["at"])[-MOST[field] :]


def _add(total: dict[str, dict[str, float]], more: Additions) -> None:
    for product_id, paths in more.items():
        sums = total.setdefault(product_id, {})
        for path, amount in paths.items():
            sums[path] = sums.get(path, 0.0) + amount


def _uncount(key: str, session: ClientSession) -> None:
    activity = Activity._get_collection().find_one_and_update(
        {"key": key, "void": False}, {"$set": {"void": True}}, session=session
    )
    if activity is None or not activity["counted"]:
        return
    user_id, field = activity["user_id"], FIELD_OF[activity["kind"]]
    known = _known(user_id, field, session)
    own = [each for each in known.values() if each["activity_id"] == activity["_id"]]
    heirs = _bought_otherwise(activity, session)
    gone = []
    for each in own:
        if heir := heirs.get(each["product_id"]):
            each["activity_id"] = heir
        else:
            gone.append(known.pop(each["product_id"]))
    deeds = [_deed(each) for each in known.values()]
    _write_rows(additions([_deed(e) for e in gone], deeds, field, sign=-1), {}, session)
    _write_taste(user_id, field, list(known.values()), activity["at"], session)


def _known(user_id: str, field: Field, session: ClientSession) -> dict[str, Stored]:
    """Return the products that a person bought or viewed, the latest last."""
    profile = (
        CustomerProfile._get_collection().find_one({"_id": user_id}, [field], session=session) or {}
    )
    return {each["product_id"]: each for each in profile.get(field) or []}


def _remember(known: dict[str, Stored], items: Iterable[Stored], activity_id: str) -> list[str]:
    """Add the items to the known products; return the new products."""
    new = []
    for item in items:
        there = known.get(item["product_id"])
        if there is None:
            known[item["product_id"]] = interest(item["product_id"], item["at"], activity_id)
            new.append(item["product_id"])
        else:
            there["at"] = max(there["at"], item["at"])
    return new


def _deed(stored: Stored) -> Deed:
    return stored["product_id"], stored["since"]


def _bought_otherwise(activity: Stored, session: ClientSession) -> dict[str, str]:
    """Return by product another counted activity in which the person has it, too."""
    products = [item["product_id"] for item in activity["items"]]
    others = Activity._get_collection().find(
        {
            "user_id": activity["user_id"],
            "kind": activity["kind"],
            "counted": True,
            "void": False,
            "items.product_id": {"$in": products},
        },
        session=session,
    )
    return {item["product_id"]: other["_id"] for other in others for item in other["items"]}


def _write_rows(
    added: Additions, categories: Mapping[str, list[str]], session: ClientSession
) -> None:
    demands, rows = [], []
    # In a fixed order, so that two transactions do not deadlock.
    for product_id, paths in sorted(added.items()):
        near = {path: amount for path, amount in paths.items() if path.startswith(NEAR)}
        if near:
            rows.append(UpdateOne({"_id": product_id}, {"$inc": near}, upsert=True))
        if own := {path: amount for path, amount in paths.items() if path not in near}:
            update: Stored = {"$inc": own}
            if product_id in categories:
                update["$set"] = {"categories": categories[product_id]}
            demands.append(UpdateOne({"_id": product_id}, update, upsert=True))
    if demands:
        with database.writing_many(len(demands)):
            Demand._get_collection().bulk_write(demands, ordered=False, session=session)
    if rows:
        with database.writing_many(len(rows)):
            Row._get_collection().bulk_write(rows, ordered=False, session=session)


def _write_taste(
    user_id: str, field: Field, known: Sequence[Stored], at: datetime, session: ClientSession
) -> None:
    _write_tastes({user_id: {field: list(known), "active_at": at}}, session)


def _write_tastes(tastes: Mapping[str, Stored], session: ClientSession) -> None:
    """Store by person the products that changed, and when the person was active."""
    updates = [
        UpdateOne(
            {"_id": user_id},
            {
                "$set": {name: taste[name] for name in taste if name != "active_at"},
                "$max": {"active_at": taste["active_at"]},
            },
            upsert=True,
        )
        for user_id, taste in sorted(tastes.items())
    ]
    with database.writing_many(len(updates)):
        CustomerProfile._get_collection().bulk_write(updates, ordered=False, session=session)
