"""Find what an id belongs to: an order, a notification, a person, a request, an event."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import ConfigDict, Field, StringConstraints

from tidings.campaigns.models import Campaign
from tidings.delivery.models import Notification
from tidings.monitoring.models import FailedMessage
from tidings.orders.models import Order
from tidings.platform.inputs.ids import DOCUMENT_ID_PATTERN
from tidings.platform.operation import operation
from tidings.platform.schema import Schema
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.rows import rows
from tidings.products.models import Product
from tidings.tasks.models import Task
from tidings.users.models import User

# Of each kind; a campaign's run or an event may have made thousands of notifications.
FOUND_AT_MOST: Final = 20
# No id that we make or accept has other characters or is longer; an address has an `@`.
ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}$"


class SearchQuery(Schema):
    """The id to search for."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    text: Annotated[str, StringConstraints(strip_whitespace=True, pattern=ID_PATTERN)] = Field(
        description="any id: of an order, a notification, a person, a request, an event"
    )


class FoundKind(StrEnum):
    """What was found."""

    ORDER = "order"
    NOTIFICATION = "notification"
    PERSON = "person"
    FAILED_MESSAGE = "failed_message"
    CAMPAIGN = "campaign"
    TASK = "task"
    PRODUCT = "product"


class FoundBy(StrEnum):
    """What the searched text is to it."""

    ID = "id"
    # The id of the request, the event or the job that caused it.
    CORRELATION_ID = "correlation_id"
    # The id of the event or the command.
    EVENT_ID = "event_id"


class FoundThing(Schema):
    """Something that the id belongs to."""

    kind: FoundKind
    id: str
    by: FoundBy
    about: str | None = Field(description="its state or its kind")
    at: datetime | None
    correlation_id: str | None
    path: str = Field(description="the path of the API that tells more")


class SearchResult(Schema):
    """What an id belongs to."""

    found: list[FoundThing]
    is_more: bool = Field(description="true if there is more of a kind than the first 20")


@dataclass(frozen=True)
class Kind:
    """How the documents of a kind are read and shown."""

    kind: FoundKind
    document_class: Any
    path: Callable[[Any], str]
    about: str = "state"
    at: str = "created_at"
    # What a document of the kind has besides.
    more: tuple[str, ...] = ()

    def read(self, by: FoundBy, **conditions: Any) -> list[FoundThing]:
        """Return what meets the conditions: one more than is shown, if there are more."""
        found = self.document_class.objects(**conditions).only(self.about, self.at, *self.more)
        return [self._thing(each, by) for each in rows(found.limit(FOUND_AT_MOST + 1))]

    def _thing(self, row: Any, by: FoundBy) -> FoundThing:
        return FoundThing(
            kind=self.kind,
            id=row.id,
            by=by,
            about=getattr(row, self.about),
            at=getattr(row, self.at),
            correlation_id=row.correlation_id if CORRELATION in self.more else None,
            path=self.path(row),
        )


def _failed_path(row: Any) -> str:
    wanted = f"?message_id={quote(row.message_id, safe='')}" if row.message_id else ""
    return f"/api/v1/monitoring/failed-messages{wanted}"


CORRELATION: Final = "correlation_id"
ORDERS: Final = Kind(
    FoundKind.ORDER,
    Order,
    lambda row: f"/api/v1/orders/{row.id}/explanation",
    more=(CORRELATION,),
)
NOTIFICATIONS: Final = Kind(
    FoundKind.NOTIFICATION,
    Notification,
    lambda row: f"/api/v1/notifications/{row.id}/explanation",
    about="kind",
    more=(CORRELATION,),
)
FAILED: Final = Kind(
    FoundKind.FAILED_MESSAGE,
    FailedMessage,
    _failed_path,
    at="failed_at",
    more=(CORRELATION, "message_id"),
)
PERSONS: Final = Kind(FoundKind.PERSON, User, lambda row: f"/api/v1/users/{row.id}", about="role")
OTHERS: Final = (
    Kind(FoundKind.CAMPAIGN, Campaign, lambda row: f"/api/v1/campaigns/{row.id}"),
    Kind(FoundKind.TASK, Task, lambda row: f"/api/v1/tasks/{row.id}"),
    Kind(FoundKind.PRODUCT, Product, lambda row: f"/api/v1/products/{row.id}"),
)
IS_DOCUMENT_ID: Final = re.compile(DOCUMENT_ID_PATTERN)


@operation(role=Role.OPERATOR, writes=False)
def search(wanted: SearchQuery, *, caller: Principal) -> SearchResult:
    """Return what an id belongs to, whatever it is the id of; nothing if it is of nothing."""
    found: dict[tuple[FoundKind, str], FoundThing] = {}
    is_more = False
    for read in _reads(wanted.text):
        is_more = is_more or len(read) > FOUND_AT_MOST
        for each in read[:FOUND_AT_MOST]:
            found.setdefault((each.kind, each.id), each)
    return SearchResult(found=list(found.values()), is_more=is_more)


def _reads(text: str) -> Iterator[list[FoundThing]]:
    """Yield what has this id, and then what came from the request or the event with this id."""
    if IS_DOCUMENT_ID.fullmatch(text):
        for kind in (ORDERS, NOTIFICATIONS, FAILED, *OTHERS):
            yield kind.read(FoundBy.ID, pk=text)
        yield PERSONS.read(FoundBy.ID, pk=text, deleted_at=None)
    for kind in (ORDERS, NOTIFICATIONS, FAILED):
        yield kind.read(FoundBy.CORRELATION_ID, correlation_id=text)
    yield FAILED.read(FoundBy.EVENT_ID, message_id=text)
    # The key of an event's notification is the event's id, a colon, and the person's id.
    yield NOTIFICATIONS.read(
        FoundBy.EVENT_ID, dedupe_key__gte=f"{text}:", dedupe_key__lt=f"{text};"
    )
