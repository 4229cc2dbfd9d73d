"""A row of the table of retention."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

# The field with the time at which MongoDB deletes a document.
EXPIRES_AT: Final = "expires_at"


class Means(StrEnum):
    """The means by which data is deleted; the values are shown in docs/retention.md."""

    TTL_INDEX = "TTL index"
    JOB = "job `enforce-retention`"
    TTL_INDEX_AND_JOB = "TTL index, and job `enforce-retention`"
    REDIS_EXPIRY = "Redis expiry"
    BROKER_TTL = "message TTL"
    QUEUE_RETENTION = "message retention of SQS"
    LOG_GROUP = "retention of the log group"
    SERVER = "setting of its server"
    SIZE = "size of its files"
    # Another act deletes it: it is handled, or its owner deletes it.
    ACT = "the act that ends it"
    ERASURE = "erasure of the person"
    NONE = "none"


SWEEPING: Final = frozenset({Means.JOB, Means.TTL_INDEX_AND_JOB})
BY_INDEX: Final = frozenset({Means.TTL_INDEX, Means.TTL_INDEX_AND_JOB})


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long one kind of data is kept.

    The job deletes by the time in the ids, so rows with `Means.JOB` need ids of `clock.new_id`.
    """

    # A collection as `<database>.<name>`, the first part of Redis keys, a queue, or a log. Brackets
    # at the end tell which of its data is meant.
    name: str
    # None: without end, or until `means`.
    lasts: timedelta | None = None
    # The moment from which the period counts, or that ends it.
    since: str
    means: Means
    why: str
    # What is kept after that.
    left: str = "nothing"
    # The collection's date field with the TTL index.
    field: str | None = None
    # The setting that has the days instead of `lasts`.
    setting: str | None = None

    @property
    def period(self) -> timedelta:
        """How long it is kept.

        Raises:
            ValueError: the row has no period.
        """
        if self.lasts is None:
            raise ValueError(f"{self.name} has no period")
        return self.lasts

    @property
    def seconds(self) -> int:
        """The period in seconds.

        Raises:
            ValueError: the row has no period.
        """
        return int(self.period.total_seconds())

    def index(self) -> Mapping[str, Any]:
        """Return the collection's TTL index in mongoengine's form.

        Raises:
            ValueError: the row has no such index.
        """
        if self.means not in BY_INDEX or self.field is None:
            raise ValueError(f"{self.name} has no TTL index")
        # A document with a time of its own expires at that time.
        seconds = 0 if self.field == EXPIRES_AT else self.seconds
        return {"fields": [self.field], "expireAfterSeconds": seconds}
