"""After the deletion of an account, only an id remains that identifies nobody."""

import json
from typing import Any

import pymongo
import pytest
from pymongo.errors import AutoReconnect
from redis.exceptions import RedisError

from tests.integration.builders import a_person, a_reader
from tests.integration.monitoring import persons
from tests.integration.monitoring.persons import TOKEN, Person, failed, with_something_of_everything
from tests.integration.vouchers.builders import as_it_is
from tests.settings import stack_under_test
from tidings.monitoring.erasure import erase
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.monitoring.models import FailedMessage
from tidings.notifications.notifying import notify
from tidings.orders.queries import get_order
from tidings.platform.caching import cache
from tidings.platform.providers import sns
from tidings.platform.security import store
from tidings.platform.security.auth import Role
from tidings.platform.settings import settings
from tidings.platform.storage import database
from tidings.platform.timing.clock import new_id
from tidings.recommendations.operations import learn
from tidings.tasks.models import Task
from tidings.users.errors import UserNotFound
from tidings.users.events import UserDeleted, UserDeletedData
from tidings.users.models import Service
from tidings.users.operations import delete_account
from tidings.vouchers.fields import VoucherState
from tidings.vouchers.queries import vouchers_of

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture(autouse=True)
def forgotten_devices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    forgotten: list[str] = []
    monkeypatch.setattr(sns, "forget_device", forgotten.append)
    return forgotten


def delete(person: Person) -> UserDeleted:
    """Delete an account, and let every domain handle the event."""
    user_id = person.principal.user_id
    delete_account(user_id, caller=person.principal)
    return handle_deletion(user_id)


def handle_deletion(user_id: str) -> UserDeleted:
    event = UserDeleted(subject=user_id, data=UserDeletedData(user_id=user_id))
    for hears in (notify, learn, erase):
        hears(event)
    return event


def everything() -> dict[str, str]:
    """Return all data in MongoDB and Redis as text."""
    found, prefix = {}, settings().database_prefix
    with pymongo.MongoClient[dict[str, Any]](stack_under_test().mongodb_uri) as client:
        for domain in database.DATABASES:
            own = client[f"{prefix}_{domain}"]
            for name in own.list_collection_names():
                found[f"{domain}.{name}"] = "\n".join(_text(each) for each in own[name].find())
    for redis in (store.client(), cache.client()):
        for key in redis.scan_iter(f"{prefix}:*"):
            found[str(key)] = _redis_text(redis, key)
    return found


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _redis_text(redis: Any, key: Any) -> str:
    match redis.type(key):
        case "hash":
            return f"{key} {redis.hgetall(key)}"
        case "zset":
            return f"{key} {redis.zrange(key, 0, -1)}"
        case "set":
            return f"{key} {redis.smembers(key)}"
        case "list":
            return f"{key} {redis.lrange(key, 0, -1)}"
    return f"{key} {redis.get(key)}"


def places_of(*traces: str) -> set[tuple[str, str]]:
    return {
        (place, trace)
        for place, text in everything().items()
        for trace in traces
        if trace.lower() in text.lower()
    }


def test_no_database_has_data_of_the_person() -> None:
    person = with_something_of_everything()
    assert {trace for _, trace in places_of(*person.traces)} == set(person.traces)
    delete(person)
    assert places_of(*person.traces) == set()


def test_only_orders_and_required_data_have_the_id() -> None:
    person = with_something_of_everything()
    delete(person)
    places = {place for place, _ in places_of(person.principal.user_id)}
    in_databases = {each for each in places if ":" not in each}
    # The account's event and the order's event for the stock are not published yet.
    # The trail of what the operator did for this person (docs/audit.md).
    kept = {"users.users", "orders.orders", "operations.failed_messages", "operations.audit_trail"}
    assert in_databases == kept
    in_redis = {each.split(":", 1)[1].split(":")[0] for each in places if ":" in each}
    assert in_redis == set()
    order = get_order(person.order_id, caller=a_person(Role.OPERATOR))
    assert order.customer_id == person.principal.user_id
    assert order.total


def test_vouchers_for_the_person_are_ended() -> None:
    person = with_something_of_everything()
    (voucher,) = vouchers_of(person.principal.user_id, 2)
    assert voucher.state == VoucherState.ACTIVE
    delete(person)
    assert vouchers_of(person.principal.user_id, 2) == []
    assert as_it_is(voucher).state == VoucherState.ENDED


def test_devices_are_deleted_at_sns_too(forgotten_devices: list[str]) -> None:
    delete(with_something_of_everything())
    assert forgotten_devices == [persons.ARN]


def test_repeated_erasure_changes_nothing() -> None:
    person = with_something_of_everything()
    event = delete(person)
    before = everything()
    for hears in (notify, learn, erase):
        hears(event)
    assert everything() == before


@pytest.mark.parametrize(
    ("at_fault", "error"),
    [
        ("tidings.users.session_store.end_all", RedisError),
        ("tidings.users.models.PushToken.objects", AutoReconnect),
    ],
    ids=["redis", "mongodb"],
)
def test_interrupted_deletion_is_completed_by_the_event(
    at_fault: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = with_something_of_everything()
    user_id = person.principal.user_id
    other = new_id()
    Service(name="Shop", kind="team", team=[user_id, other], secret_hash="0").save()

    def fail(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(at_fault, fail)
        with pytest.raises(error):
            delete_account(user_id, caller=person.principal)
    assert places_of(TOKEN) == {("users.push_tokens", TOKEN)}
    with pytest.raises(UserNotFound):
        delete_account(user_id, caller=person.principal)
    handle_deletion(user_id)
    assert places_of(*person.traces) == set()
    (service,) = Service.objects
    assert service.team == [other]


def test_data_of_others_stays() -> None:
    person, other = with_something_of_everything(), a_reader(name="Bo Ek")
    task = Task(owner_id=other.user_id, title="Theirs", state="open", priority_rank=1)
    task.assignee_id = person.principal.user_id
    task.save()
    store_failed_messages([failed(other, "user.registered", "notifications")])
    delete(person)
    kept = Task.objects.get(pk=task.id)
    assert (kept.title, kept.assignee_id) == ("Theirs", None)
    assert FailedMessage.objects(mentions=other.user_id).count() == 1


def test_message_that_fails_after_the_erasure_is_not_stored() -> None:
    person = with_something_of_everything()
    delete(person)
    FailedMessage.objects.delete()
    code = {"verification_code": "12345678", "code_expires_at": "2026-11-20T09:15:00Z"}
    store_failed_messages(
        [
            failed(person.principal, "user.registered", "notifications", **code),
            failed(person.principal, "order.cancelled", "inventory", order_id="1", reason="Why"),
        ]
    )
    (kept,) = FailedMessage.objects
    assert (kept.type, json.loads(kept.body)["data"]["reason"]) == ("order.cancelled", "erased")
