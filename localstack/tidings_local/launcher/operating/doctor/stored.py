"""Checks of what waits in MongoDB: events in outboxes, failed messages, failed jobs.

They read the documents themselves, because they have to work while the functions do not. The names
are those of the application; tests/contract/test_doctor.py compares them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from .finding import Finding, Section, bad, listed, ok, warn
from .installation import Installation, asking

Documents = MongoClient[dict[str, Any]]

DATABASE_PREFIX = "tidings_"
OUTBOX_INDEX = "waiting_events"
"""The index of each collection whose documents have an outbox."""
OUTBOX_TIME = "outbox.time"
OPERATIONS = "tidings_operations"
FAILED_MESSAGES = "failed_messages"
JOB_RUNS = "job_runs"
JOB_ATTEMPTS = 3
"""Lambda calls a job that fails three times (template.yaml)."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
LATE_SECONDS = 120
"""The rule `outbox-relay` publishes what is older than some seconds, each minute."""
TOO_LATE_SECONDS = 300
ANSWER_MS = 5_000
NAMED = 200
"""The failed messages whose queues and errors are counted."""
BROKEN_TEMPLATE = re.compile(r"BrokenTemplate: ([\w.-]{1,100}) v([0-9]{1,9})[,:]")
REDRIVE = "correct the cause, then redrive them (docs/operations.md#failed-messages)"


def check_mongodb(installation: Installation) -> Finding:
    """Check that MongoDB is a replica set, which transactions need."""
    with documents_of(installation) as documents:
        told = documents.admin.command("hello")
        version = documents.server_info()["version"]
    if "setName" not in told:
        return bad(f"MongoDB {version} is no replica set", "docs/launcher-settings.md")
    return ok(f"MongoDB {version}, a replica set")


def check_outboxes(installation: Installation) -> Finding:
    with documents_of(installation) as documents:
        return outbox_finding(documents, datetime.now(UTC))


def outbox_finding(documents: Documents, at: datetime, prefix: str = DATABASE_PREFIX) -> Finding:
    """Say whether events wait that the relay should have published."""
    waiting = [
        (time, f"{each.database.name.removeprefix(prefix)}.{each.name}")
        for each in _outboxes(documents, prefix)
        if (time := _oldest(each)) is not None
    ]
    if not waiting:
        return ok("no event waits")
    age = (at - min(time for time, _ in waiting)).total_seconds()
    where = listed(name for _, name in sorted(waiting))
    if age < LATE_SECONDS:
        return ok(f"the oldest event waits for {max(age, 0):.0f} s")
    told = f"events wait in {where}, the oldest for {age / 60:.0f} minutes"
    report = bad if age > TOO_LATE_SECONDS else warn
    return report(told, "make run-rule RULE=outbox-relay", Section.OUTBOX_IS_LATE)


def check_failed_messages(installation: Installation) -> Finding:
    with documents_of(installation) as documents:
        return failed_messages_finding(documents[OPERATIONS][FAILED_MESSAGES])


def failed_messages_finding(failed: Collection[dict[str, Any]]) -> Finding:
    """Say how many messages wait for an operator, and what most of them have in common."""
    waiting = {"state": "failed"}
    count = failed.count_documents(waiting)
    if not count:
        return ok("no failed message waits for an operator")
    newest = failed.find(waiting, ["queue", "error"]).sort("failed_at", -1).limit(NAMED)
    reasons = Counter((each["queue"], _reason_of(each.get("error"))) for each in newest)
    most = [(queue, reason) for (queue, reason), _ in reasons.most_common()]
    told = listed(f"{queue}: {reason}" for queue, reason in most)
    return warn(
        f"{count} failed messages wait for an operator ({told})",
        _remedy_for([reason for _, reason in most]),
        Section.MESSAGES_FAILED,
    )


def _remedy_for(reasons: list[str]) -> str:
    """Return the command for the most frequent cause that has one of its own."""
    return next((each for reason in reasons if (each := _remedy(reason)) != REDRIVE), REDRIVE)


def check_failed_jobs(installation: Installation) -> Finding:
    with documents_of(installation) as documents:
        return failed_jobs_finding(documents[OPERATIONS][JOB_RUNS], datetime.now(UTC))


def failed_jobs_finding(runs: Collection[dict[str, Any]], at: datetime) -> Finding:
    """Say which jobs failed three times for a scheduled time, and were not repeated since."""
    found = runs.find(
        {
            "repeated_at": {"$gt": BEGINNING},
            "attempts": {"$gte": JOB_ATTEMPTS},
            "leased_until": {"$lte": at},
        },
        ["_id"],
    )
    if failed := sorted(each["_id"] for each in found.limit(NAMED)):
        return warn(
            f"jobs failed three times: {listed(failed)}",
            "make logs LEVEL=ERROR; then make run-rule RULE=... TIME=<after the @>",
            Section.JOBS_FAILED,
        )
    return ok("no job failed three times")


@contextmanager
def documents_of(installation: Installation) -> Iterator[Documents]:
    """Give a client that reads the stack's MongoDB.

    Raises:
        CannotCheckError: it does not answer.
    """
    uri = installation.connections.mongodb_uri
    if not installation.settings.mongodb_uri:
        installation.must_run()
    with (
        asking("MongoDB", PyMongoError),
        Documents(
            uri, serverSelectionTimeoutMS=ANSWER_MS, timeoutMS=2 * ANSWER_MS, tz_aware=True
        ) as documents,
    ):
        yield documents


def _outboxes(documents: Documents, prefix: str) -> Iterator[Collection[dict[str, Any]]]:
    for name in documents.list_database_names():
        if not name.startswith(prefix):
            continue
        for collection in documents[name].list_collection_names():
            if OUTBOX_INDEX in documents[name][collection].index_information():
                yield documents[name][collection]


def _oldest(collection: Collection[dict[str, Any]]) -> datetime | None:
    """Return the time of the oldest waiting event, by the index."""
    found = collection.find({OUTBOX_TIME: {"$gt": BEGINNING}}, [OUTBOX_TIME])
    oldest = next(iter(found.sort(OUTBOX_TIME, 1).limit(1)), None)
    return min(each["time"] for each in oldest["outbox"]) if oldest else None


def _reason_of(error: object) -> str:
    """Return the class of an error, and the template that it names; its text may be long."""
    text = str(error or "no error recorded")
    if broken := BROKEN_TEMPLATE.match(text):
        return f"BrokenTemplate of {broken[1]} v{broken[2]}"
    return text.partition(":")[0][:60]


def _remedy(reason: str) -> str:
    name, _, version = reason.rpartition(" v")
    if name.startswith("BrokenTemplate of ") and int(version) > 1:
        return f"restore version {int(version) - 1} in the console, then redrive"
    return REDRIVE
