"""Count the effects of requests in MongoDB with a separate client."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from pymongo import MongoClient

from tests.crowd import Crowd
from tests.faults.load import Book
from tests.settings import stack_under_test
from tests.smtp_server import Sink

ENDED: Final = frozenset({"confirmed", "rejected"})


@dataclass(frozen=True)
class Account:
    """The requests of one kind and their effects; `notes` lists the errors."""

    kind: str
    accepted: int
    effects: int
    duplicates: int
    lost: int
    given_up: int
    notes: tuple[str, ...] = ()
    unknown: int = 0

    @classmethod
    def of(
        cls, kind: str, book: Book, *, effects: int, twice: list[str], wrong: list[str]
    ) -> "Account":
        """Return the account of these requests, from the repeated effects and the errors."""
        notes = (*wrong[:5], *twice[:5], *list(book.given_up.values())[:5])
        return cls(
            kind, len(book.accepted), effects, len(twice), len(wrong), len(book.given_up), notes
        )


class Ledger(Protocol):
    """Counts the effects of one kind of request."""

    @property
    def kind(self) -> str: ...

    def waiting(self, client: MongoClient[dict[str, Any]]) -> int:
        """Return the number of effects that are still missing."""
        ...

    def account(self, client: MongoClient[dict[str, Any]], book: Book) -> Account:
        """Return the account of these requests."""
        ...


@dataclass(frozen=True)
class OrderLedger:
    """An accepted order exists once, has ended, has one notification, and took its stock once."""

    customer_ids: tuple[str, ...]
    product_id: str
    stock: int
    kind: str = "orders"

    def waiting(self, client: MongoClient[dict[str, Any]]) -> int:
        orders = self._orders(client)
        told = self._told(client, orders)
        return sum(1 for order in orders if order["state"] not in ENDED or order["_id"] not in told)

    def account(self, client: MongoClient[dict[str, Any]], book: Book) -> Account:
        orders = self._orders(client)
        by_key = Counter(order["idempotency_key"] for order in orders)
        told = self._told(client, orders)
        wrong = [
            *(f"no order for key {key}" for key in book.accepted if not by_key[key]),
            *(f"{o['_id']} is {o['state']}" for o in orders if o["state"] not in ENDED),
            *(f"{o['_id']} is not told" for o in orders if o["_id"] not in told),
        ]
        twice = [
            *(f"key {key} has {count} orders" for key, count in by_key.items() if count > 1),
            *(f"{order} is told {count} times" for order, count in told.items() if count > 1),
            *self._stock_notes(client, orders),
        ]
        effects = sum(1 for key in book.accepted if by_key[key])
        return Account.of(self.kind, book, effects=effects, twice=twice, wrong=wrong)

    def _orders(self, client: MongoClient[dict[str, Any]]) -> list[dict[str, Any]]:
        where = {"customer_id": {"$in": list(self.customer_ids)}}
        return list(client["tidings_orders"]["orders"].find(where))

    def _told(
        self, client: MongoClient[dict[str, Any]], orders: Iterable[Mapping[str, Any]]
    ) -> Counter[str]:
        where = {
            "user_id": {"$in": list(self.customer_ids)},
            "kind": {"$in": [f"order.{state}" for state in ENDED]},
        }
        wanted = {order["_id"] for order in orders}
        found = client["tidings_notifications"]["notifications"].find(where, {"subject_id": 1})
        return Counter(each["subject_id"] for each in found if each["subject_id"] in wanted)

    def _stock_notes(
        self, client: MongoClient[dict[str, Any]], orders: list[dict[str, Any]]
    ) -> list[str]:
        confirmed = sum(1 for order in orders if order["state"] == "confirmed")
        product = client["tidings_products"]["products"].find_one({"_id": self.product_id})
        left = int((product or {}).get("stock", -1))
        if left == self.stock - confirmed:
            return []
        return [f"{left} pieces left of {self.stock} after {confirmed} confirmed orders"]


@dataclass(frozen=True)
class MailLedger:
    """An accepted mail arrived once, or has the status `unknown`.

    If a process dies between sending and recording, the mail may have arrived or not. Its status is
    then `unknown`, it is never sent again, and it counts as an effect (docs/delivery.md).
    """

    user_ids: tuple[str, ...]
    sink: Sink
    kind: str = "mails"

    def waiting(self, client: MongoClient[dict[str, Any]]) -> int:
        states = self._states(client).values()
        return sum(1 for state in states if state in {"queued", "sending", "scheduled"})

    def account(self, client: MongoClient[dict[str, Any]], book: Book) -> Account:
        states = self._states(client)
        times = {each: self.sink.times(each) for each in states}
        unknown = [each for each, state in states.items() if state == "unknown"]
        wrong = [
            *(
                f"{id} was accepted and is not there"
                for id in book.accepted.values()
                if id not in states
            ),
            *(
                f"{each} is {states[each]} and arrived {count} times"
                for each, count in times.items()
                if (count == 0 or states[each] != "sent") and each not in unknown
            ),
        ]
        twice = [f"{each} arrived {count} times" for each, count in times.items() if count > 1]
        effects = sum(1 for id in book.accepted.values() if times.get(id) or id in unknown)
        account = Account.of(self.kind, book, effects=effects, twice=twice, wrong=wrong)
        return replace(account, unknown=len(unknown))

    def _states(self, client: MongoClient[dict[str, Any]]) -> dict[str, str]:
        where = {"user_id": {"$in": list(self.user_ids)}, "deliveries.email": {"$exists": True}}
        found = client["tidings_notifications"]["notifications"].find(where)
        return {each["_id"]: each["deliveries"]["email"]["status"] for each in found}


def outboxes(client: MongoClient[dict[str, Any]]) -> int:
    """Return the number of documents with events that are not published yet."""
    return sum(
        client[database][collection].count_documents({"outbox.0": {"$exists": True}})
        for database in client.list_database_names()
        if database.startswith("tidings_") and "tests" not in database
        for collection in client[database].list_collection_names()
    )


@dataclass(frozen=True)
class CampaignLedger:
    """Each person of a campaign's audience has exactly one notification of it."""

    crowd: Crowd
    campaign_id: str
    kind: str = "people of a campaign"

    def waiting(self, _client: MongoClient[dict[str, Any]]) -> int:
        return 0 if self.crowd.is_over(self.campaign_id) else 1

    def account(self, _client: MongoClient[dict[str, Any]], _book: Book) -> Account:
        people = set(self.crowd.user_ids)
        told = self.crowd.told_each(self.campaign_id)
        twice = [f"{each} was told {count} times" for each, count in told.items() if count > 1]
        missing = [f"{each} was not told" for each in people - set(told)]
        reached = len(people & set(told))
        notes = (*missing[:5], *twice[:5])
        return Account(self.kind, len(people), reached, len(twice), len(missing), 0, notes)


def failed_messages(client: MongoClient[dict[str, Any]]) -> set[str]:
    """Return the ids of the messages that failed for good and are stored for operators."""
    kept = client["tidings_operations"]["failed_messages"]
    return {str(each["_id"]) for each in kept.find({}, {"_id": 1})}


def mongo() -> MongoClient[dict[str, Any]]:
    return MongoClient(stack_under_test().mongodb_uri, serverSelectionTimeoutMS=10_000)


def verify(user_ids: Iterable[str]) -> None:
    """Mark these people's addresses as verified, because mails go to no others."""
    with mongo() as client:
        client["tidings_users"]["users"].update_many(
            {"_id": {"$in": list(user_ids)}}, {"$set": {"verified_at": datetime.now(UTC)}}
        )
