"""The job of the rule `retention` deletes what is older than the table says, and nothing else."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import pytest
from mongoengine import get_db

from tests.integration.builders import at_once
from tests.integration.tasks.builders import a_user, csv_file
from tidings.delivery.models import Feedback
from tidings.monitoring import enforcing
from tidings.monitoring.enforcing import enforce_retention
from tidings.platform.retention import stored
from tidings.platform.retention.row import Retention
from tidings.platform.security.auth import Principal
from tidings.platform.settings import settings
from tidings.platform.timing.clock import first_id, now
from tidings.tasks.models import Task, Upload
from tidings.tasks.upload import upload_tasks

HOUR: Final = timedelta(hours=1)
# Of a time in the future nothing has expired for MongoDB, whose own deletion runs beside the tests.
AHEAD: Final = timedelta(days=200)
SWEPT: Final = [
    (stored.NOTIFICATIONS, timedelta(days=180)),
    (stored.MAIL_RESPONSES, timedelta(days=180)),
    (stored.UNSUBSCRIPTIONS, timedelta(days=180)),
    (stored.STOCK_MOVEMENTS, timedelta(days=1_095)),
    (stored.AUDIT, timedelta(days=400)),
]
DONE: Final = {"unfinished": 0}
_filled: Final[set[Retention]] = set()


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    """Empty what a test filled: the common fixture empties collections of imported classes only."""
    yield
    while _filled:
        collection_of(_filled.pop()).delete_many({})


def collection_of(row: Retention) -> Any:
    database, name = row.name.split(" ")[0].split(".")
    return get_db(database)[name]


def put(row: Retention, at: datetime, number: int = 1, **more: Any) -> list[str]:
    """Store documents as an earlier release could have done, without a time to expire."""
    # A notification is unique by its `dedupe_key`.
    documents = [
        {"_id": f"{first_id(at)[:12]}{place:012x}", "dedupe_key": f"{at} {place}", **more}
        for place in range(number)
    ]
    collection_of(row).insert_many(documents)
    _filled.add(row)
    return [each["_id"] for each in documents]


def kept(row: Retention) -> set[str]:
    return {each["_id"] for each in collection_of(row).find({}, {"_id": 1})}


@pytest.mark.parametrize(("row", "period"), SWEPT, ids=lambda each: getattr(each, "name", ""))
def test_documents_are_deleted_by_the_age_of_their_ids(row: Retention, period: timedelta) -> None:
    at = now()
    put(row, at - period - HOUR)
    young = put(row, at - period + HOUR)
    name = row.name.replace(".", "_")
    assert enforce_retention(at) == {name: 1, **DONE}
    assert kept(row) == {*young}
    assert enforce_retention(at) == DONE


def test_a_shorter_period_also_holds_for_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    at = now()
    put(stored.AUDIT, at - timedelta(days=40), expires_at=at + timedelta(days=360))
    short = settings().model_copy(update={"audit_days": 30})
    monkeypatch.setattr(enforcing, "settings", lambda: short)
    assert enforce_retention(at) == {"operations_audit_trail": 1, **DONE}


@pytest.mark.parametrize(
    ("row", "name", "old", "young"),
    [
        (stored.NOTIFICATIONS, "notifications_notifications_by_expires_at", 25, -1),
        (stored.SEND_REQUESTS, "notifications_send_requests_by_expires_at", 25, -1),
        (stored.FEEDBACK, "delivery_feedback_by_created_at", 31 * 24 + 1, 29 * 24),
        (stored.LIFTED_SUPPRESSIONS, "delivery_suppressions_by_lifted_at", 31 * 24 + 1, 29 * 24),
        (stored.DELETED_TASKS, "tasks_tasks_by_deleted_at", 181 * 24 + 1, 179 * 24),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_what_mongodb_did_not_delete_is_deleted(
    row: Retention, name: str, old: int, young: int
) -> None:
    """The hours are the age of the field with the TTL index."""
    at = now() + AHEAD
    put(row, at - HOUR, 1, **{str(row.field): at - timedelta(hours=old)})
    there = put(row, at, 1, **{str(row.field): at - timedelta(hours=young)})
    assert enforce_retention(at) == {name: 1, **DONE}
    assert kept(row) == {*there}


def test_events_that_were_not_published_are_not_lost() -> None:
    at = now()
    entry = {"event_id": "1", "time": at, "type": "a.b", "exchange": "x", "body": "{}"}
    waiting = put(stored.NOTIFICATIONS, at - timedelta(days=200), outbox=[entry])
    put(stored.NOTIFICATIONS, at - timedelta(days=201), outbox=[])
    assert enforce_retention(at) == {"notifications_notifications": 1, **DONE}
    assert kept(stored.NOTIFICATIONS) == {*waiting}


def test_a_message_that_failed_again_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    at = now() + AHEAD
    message = put(stored.SETTLED_MESSAGES, at, expires_at=at - timedelta(days=2))
    failed_again = partial(collection_of(stored.SETTLED_MESSAGES).update_many, {})
    found = enforcing._and_still

    def fails_again(too_old: Mapping[str, Any]) -> dict[str, Any]:
        failed_again({"$unset": {"expires_at": ""}})
        return found(too_old)

    monkeypatch.setattr(enforcing, "_and_still", fails_again)
    enforce_retention(at)
    assert kept(stored.SETTLED_MESSAGES) == {*message}


def test_an_interrupted_run_is_completed_by_the_next_one() -> None:
    at = now()
    put(stored.STOCK_MOVEMENTS, at - timedelta(days=2_000), number=7)
    assert enforce_retention(at, seconds=0)["unfinished"] > 0
    assert len(kept(stored.STOCK_MOVEMENTS)) == 7
    assert enforce_retention(at, batch=3) == {"products_stock_movements": 7, **DONE}


def test_two_runs_at_once_delete_the_same() -> None:
    at = now()
    put(stored.UNSUBSCRIPTIONS, at - timedelta(days=181), number=40)
    young = put(stored.UNSUBSCRIPTIONS, at)
    at_once([partial(enforce_retention, at, batch=7)] * 2)
    assert kept(stored.UNSUBSCRIPTIONS) == {*young}


# ------------------------------------------------------------------------- uploads
FILE: Final = csv_file("title", "Ink", "Paper")
OTHER: Final = csv_file("title", "Pens", "Lamps", "Desks")


def upload(owner: Principal, file: Any) -> Any:
    return upload_tasks(file, caller=owner, idempotency_key="key-1")


def test_the_key_of_an_old_upload_can_be_used_for_another_file() -> None:
    owner = a_user()
    first = upload(owner, FILE)
    Upload.objects.update(created_at=now() - timedelta(days=181))
    assert enforce_retention(now()) == {"tasks_uploads": 1, **DONE}
    second = upload(owner, OTHER)
    assert (first.created, second.created) == (2, 3)
    assert {task.title for task in Task.objects} == {"Ink", "Paper", "Pens", "Lamps", "Desks"}


def test_the_key_of_a_young_upload_still_creates_nothing_twice() -> None:
    owner = a_user()
    upload(owner, FILE)
    Upload.objects.update(created_at=now() - timedelta(days=179))
    assert enforce_retention(now()) == DONE
    upload(owner, FILE)
    assert Task.objects.count() == 2


# ------------------------------------------------------------------------- TTL indexes
def test_an_index_of_another_period_gets_that_of_the_table() -> None:
    collection = Feedback._get_collection()
    changed = {"name": "created_at_1", "expireAfterSeconds": 60}
    collection.database.command("collMod", collection.name, index=changed)
    Feedback.ensure_indexes()
    index = collection.index_information()["created_at_1"]
    assert index["expireAfterSeconds"] == 30 * 24 * 3600
