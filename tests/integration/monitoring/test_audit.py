"""The audit trail: every act of operators, administrators, services and commands, once."""

import json
import multiprocessing
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from monitoring import export_audit_trail as export_file
from monitoring import read_audit_trail
from pymongo.errors import ServerSelectionTimeoutError
from users import create_service, revoke_service

from tests.contract.project import ROOT
from tests.integration.builders import (
    CONTEXT,
    a_person,
    a_product,
    a_reader,
    at_once,
    stock_of,
)
from tests.integration.monitoring.builders import a_dead_letter
from tests.integration.notifications.test_send import wanted
from tests.unit.platform.builders import api_event
from tidings.delivery.models import Suppression
from tidings.delivery.operations import lift_suppression
from tidings.delivery.suppression import suppress
from tidings.monitoring import audit
from tidings.monitoring.audit import export_audit_trail, get_audit_trail
from tidings.monitoring.audit_schemas import AuditEntryView, AuditFilter, ExportAuditTrail
from tidings.monitoring.erasure import erase
from tidings.monitoring.failed_messages import discard_failed_messages, store_failed_messages
from tidings.monitoring.redrive import redrive_failed_messages
from tidings.monitoring.schemas import DiscardFailedMessages, RedriveFailedMessages
from tidings.notifications.errors import RequestIdReused
from tidings.notifications.send_api import send_notification
from tidings.orders.operations import place_order
from tidings.orders.schemas import PlaceOrder
from tidings.platform.auditing import trail
from tidings.platform.auditing.budget import Budget
from tidings.platform.auditing.entries import AuditEntry, AuditOutcome
from tidings.platform.auditing.recording import Recording
from tidings.platform.context import correlated
from tidings.platform.errors import Forbidden, RateLimited
from tidings.platform.security.auth import Principal, Role
from tidings.platform.security.limits import Limit
from tidings.platform.settings import settings
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.timing.clock import now
from tidings.products import operations as products
from tidings.products.errors import NotEnoughStock
from tidings.products.operations import adjust_stock, update_product
from tidings.products.schemas import AdjustStock, ProductView, UpdateProduct
from tidings.users.events import UserDeleted, UserDeletedData
from tidings.users.operations import delete_account, update_profile
from tidings.users.queries import get_user, get_users
from tidings.users.roles import set_user_role
from tidings.users.schemas import SetUserRole, UpdateProfile, UserFilter

OPERATOR = a_person(Role.OPERATOR)
ADMIN = a_person(Role.ADMIN)
SERVICE = a_person(Role.SERVICE)
ALL = PageRequest.model_validate({"limit": 100})


def trail_of(**conditions: Any) -> list[AuditEntryView]:
    """Return the entries, oldest first."""
    where = AuditFilter.model_validate(conditions)
    return get_audit_trail(ALL, caller=ADMIN, wanted=where).items[::-1]


def only(**conditions: Any) -> AuditEntryView:
    (found,) = trail_of(**conditions)
    return found


def page(**wanted: Any) -> PageRequest:
    return PageRequest.model_validate(wanted)


def adjust(product: ProductView, change: int, caller: Principal = OPERATOR) -> ProductView:
    return adjust_stock(product.id, AdjustStock(change=change, reason="counted"), caller=caller)


# ------------------------------------------------------------------------- recorded


def test_act_is_recorded_with_person_target_and_change() -> None:
    product = a_product(stock=3)
    with correlated("request-7"):
        adjust(product, 4)
    entry = only(operation="adjust_stock")
    assert (entry.actor_id, entry.actor_role) == (OPERATOR.user_id, "operator")
    assert (entry.domain, entry.correlation_id) == ("products", "request-7")
    assert entry.outcome is AuditOutcome.OK
    assert [(each.kind, each.id) for each in entry.targets] == [("product", product.id)]
    assert (entry.before, entry.after) == ({"stock": 3}, {"stock": 7})
    assert entry.ended_at is not None
    assert entry.at <= entry.ended_at
    kept = AuditEntry.objects.get(pk=entry.id).expires_at - entry.at
    assert kept == timedelta(days=settings().audit_days)


def test_new_thing_is_found_by_its_id() -> None:
    product = a_product(price=500)
    entry = only(target_id=product.id)
    assert (entry.operation, entry.actor_role) == ("create_product", "admin")
    assert entry.after["price"] == 500


def test_only_changed_fields_are_told() -> None:
    product = a_product(price=500)
    change = {"version": 1, "price": {"amount": 400, "currency": "EUR"}, "description": "Blue."}
    update_product(product.id, UpdateProduct.model_validate(change), caller=OPERATOR)
    entry = only(operation="update_product")
    assert entry.before == {"price": 500, "version": 1}
    assert entry.after == {"price": 400, "version": 2, "also_changed": ["description"]}


def test_same_act_twice_is_two_entries() -> None:
    product = a_product(stock=3)
    adjust(product, 1)
    adjust(product, 1)
    assert [each.after for each in trail_of(operation="adjust_stock")] == [
        {"stock": 4},
        {"stock": 5},
    ]


def test_acts_at_once_have_an_entry_each() -> None:
    product = a_product(stock=0)
    at_once([lambda: adjust(product, 1)] * 8)
    entries = trail_of(operation="adjust_stock")
    assert {each.outcome for each in entries} == {AuditOutcome.OK}
    assert sorted(each.after["stock"] for each in entries) == list(range(1, 9))


def test_change_of_a_role_is_recorded() -> None:
    reader = a_reader()
    set_user_role(reader.user_id, SetUserRole(role=Role.OPERATOR), caller=ADMIN)
    entry = only(target_id=reader.user_id)
    assert (entry.before, entry.after) == ({"role": "customer"}, {"role": "operator"})


def test_bulk_act_is_one_entry_that_each_message_finds() -> None:
    letters = [a_dead_letter() for _ in range(3)]
    store_failed_messages(letters)
    ids = tuple(each.key for each in letters)
    discard_failed_messages(DiscardFailedMessages(ids=ids, reason="old"), caller=OPERATOR)
    assert {only(target_id=each).id for each in ids} == {only(actor_id=OPERATOR.user_id).id}
    entry = only(target_id=ids[0])
    assert (entry.operation, entry.target_count) == ("discard_failed_messages", 3)
    assert entry.after == {"discarded": 3}


def test_edit_tells_the_fields_and_not_the_content() -> None:
    letter = a_dead_letter(type="task.due", body=json.dumps(a_task_due()).encode())
    store_failed_messages([letter])
    changes = json.dumps({"data": {"title": "Call Ada Lovelace"}})
    redrive_failed_messages(
        RedriveFailedMessages.model_validate({"ids": (letter.key,), "changes": changes}),
        caller=OPERATOR,
    )
    entry = only(target_id=letter.key)
    assert entry.after["edited"] == ["title"]
    assert "Lovelace" not in entry.model_dump_json()


def a_task_due() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "events/samples/task.due.json").read_text())
    return content


def test_lift_of_a_suppression_names_no_address() -> None:
    suppress("ada@example.com", "complaint")
    (suppression,) = Suppression.objects
    lift_suppression(suppression.id, "ada@example.com asked for it", caller=OPERATOR)
    entry = only(operation="lift_suppression")
    assert (entry.before, entry.after) == ({"lifted": False}, {"lifted": True})
    assert "@" not in entry.model_dump_json()


def test_customers_are_not_recorded() -> None:
    customer = a_reader()
    product = a_product()
    items = [{"product_id": product.id, "quantity": 1}]
    place_order(PlaceOrder.model_validate({"items": items}), caller=customer)
    update_profile(customer.user_id, UpdateProfile(name="Ada"), caller=customer)
    assert trail_of(actor_id=customer.user_id) == []


def test_operator_as_a_customer_is_recorded() -> None:
    operator = a_reader(role=Role.OPERATOR)
    update_profile(operator.user_id, UpdateProfile(name="Grace Hopper"), caller=operator)
    entry = only(actor_id=operator.user_id)
    assert entry.operation == "update_profile"
    assert "Grace" not in entry.model_dump_json()


# ---------------------------------------------------------------------------- reads


def test_read_of_another_person_is_recorded_and_of_oneself_not() -> None:
    reader, operator = a_reader(), a_reader(role=Role.OPERATOR)
    get_user(operator.user_id, caller=operator)
    get_user(reader.user_id, caller=operator)
    assert [each.operation for each in trail_of(actor_id=operator.user_id)] == ["get_user"]
    assert only(target_id=reader.user_id).actor_id == operator.user_id


def test_search_of_persons_tells_which_ones_it_showed() -> None:
    readers = [a_reader(name="Ada Quill") for _ in range(3)]
    get_users(UserFilter(search="ada quill"), ALL, caller=OPERATOR)
    entry = only(operation="get_users")
    assert {each.id for each in entry.targets} == {each.user_id for each in readers}
    assert "uill" not in entry.model_dump_json()


def test_read_without_an_entry_gives_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = a_reader()
    monkeypatch.setattr(trail, "_entries", a_trail_that_is_away)
    with pytest.raises(ServerSelectionTimeoutError):
        get_user(reader.user_id, caller=OPERATOR)


def a_trail_that_is_away() -> Any:
    raise ServerSelectionTimeoutError("no server")


# -------------------------------------------------------------------------- refused


def test_refusal_of_a_rule_is_recorded() -> None:
    product = a_product(stock=1)
    with pytest.raises(NotEnoughStock):
        adjust(product, -2)
    entry = only(target_id=product.id, outcome="refused")
    assert (entry.operation, entry.error, entry.code) == (
        "adjust_stock",
        "NotEnoughStock",
        NotEnoughStock.code,
    )


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SERVICE], ids=str)
def test_caller_without_the_role_is_recorded(role: Role) -> None:
    caller = a_person(role)
    with pytest.raises(Forbidden):
        adjust(a_product(), 1, caller)
    entry = only(actor_id=caller.user_id)
    assert (entry.outcome, entry.code, entry.actor_role) == (
        AuditOutcome.REFUSED,
        "FORBIDDEN",
        role.value,
    )


def test_operator_who_searches_the_trail_is_refused_and_recorded() -> None:
    operator = a_person(Role.OPERATOR)
    with pytest.raises(Forbidden):
        get_audit_trail(ALL, caller=operator)
    with pytest.raises(Forbidden):
        export_audit_trail(an_export(), caller=operator)
    assert [each.operation for each in trail_of(actor_id=operator.user_id)] == [
        "get_audit_trail",
        "export_audit_trail",
    ]


def test_refusals_of_a_caller_do_not_fill_the_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "REFUSALS_OF_CALLER", Budget(3))
    caller = a_person()
    for _ in range(5):
        with pytest.raises(Forbidden):
            get_audit_trail(ALL, caller=caller)
    assert len(trail_of(actor_id=caller.user_id)) == 3


def test_refused_caller_stays_refused_without_the_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "_entries", a_trail_that_is_away)
    with pytest.raises(Forbidden):
        get_audit_trail(ALL, caller=a_person())


# ------------------------------------------------------------------- failed, killed


def test_failure_is_recorded_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    product = a_product()
    monkeypatch.setattr(products, "in_transaction", failing)
    with pytest.raises(LookupError):
        adjust(product, 1)
    entry = only(outcome="failed")
    assert (entry.error, entry.code, entry.after) == ("LookupError", None, {})
    assert "ada" not in entry.model_dump_json()


def failing(_: Any) -> Any:
    raise LookupError("ada@example.com")


def test_act_does_not_begin_without_its_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    product = a_product(stock=1)
    monkeypatch.setattr(trail, "_entries", a_trail_that_is_away)
    with pytest.raises(ServerSelectionTimeoutError):
        adjust(product, 1)
    assert stock_of(product) == 1


def test_act_whose_end_cannot_be_stored_is_done_and_stays_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product = a_product(stock=1)

    def finish(*_: Any) -> None:
        a_trail_that_is_away()

    monkeypatch.setattr(trail, "_finish", finish)
    assert adjust(product, 1).stock == 2
    entry = only(outcome="begun")
    assert (entry.operation, entry.ended_at) == ("adjust_stock", None)
    assert [each.id for each in entry.targets] == [product.id]


def test_killed_process_leaves_the_trace_of_its_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a separate process that is killed by SIGKILL during its act."""
    fork = multiprocessing.get_context("fork")
    works, never = fork.Event(), fork.Event()
    product = a_product()

    def endless(_: Any) -> Any:
        works.set()
        never.wait()

    monkeypatch.setattr(products, "in_transaction", endless)
    child = fork.Process(target=adjust, args=(product, 1))
    child.start()
    assert works.wait(60)
    child.kill()
    child.join()
    entry = only(outcome="begun")
    assert (entry.operation, entry.actor_id) == ("adjust_stock", OPERATOR.user_id)
    assert [each.id for each in entry.targets] == [product.id]


def test_entry_gets_its_end_once() -> None:
    product = a_product()
    adjust(product, 1)
    entry = AuditEntry.objects.get(operation="adjust_stock")
    trail._finish({"_id": entry.id}, {"outcome": "failed"}, Recording.BEGUN_AND_ENDED)
    assert AuditEntry.objects.get(pk=entry.id).to_mongo() == entry.to_mongo()


# ------------------------------------------------------------------------- services


def test_message_of_a_service_is_one_write_more_than_without_the_trail(
    commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def names_of(call: Callable[[], Any]) -> list[str]:
        commands.clear()
        call()
        return list(commands)

    reader = a_reader()
    send_notification(wanted(reader), caller=SERVICE)  # fills the caches
    recorded = names_of(lambda: send_notification(wanted(reader), caller=SERVICE))
    bare = send_notification.operation.function.__wrapped__  # type: ignore[attr-defined]
    unrecorded = names_of(lambda: bare(wanted(reader), caller=SERVICE))
    assert sorted(recorded) == sorted([*unrecorded, "insert"])


def test_message_of_a_service_names_notification_and_person() -> None:
    reader = a_reader()
    accepted = send_notification(wanted(reader), caller=SERVICE)
    entry = only(actor_id=SERVICE.user_id)
    assert {(each.kind, each.id) for each in entry.targets} == {
        ("notification", accepted.id),
        ("user", reader.user_id),
    }
    assert only(target_id=accepted.id).id == only(target_id=reader.user_id).id
    kept = AuditEntry.objects.get(pk=entry.id).expires_at - entry.at
    assert kept == timedelta(days=settings().audit_routine_days)


def test_refused_message_is_recorded_unless_a_limit_refuses_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service, reader = a_person(Role.SERVICE), a_reader()
    first = wanted(reader)
    send_notification(first, caller=service)
    with pytest.raises(RequestIdReused):
        send_notification(first.model_copy(update={"variables": {"a": "b"}}), caller=service)

    def limited(*_: Any) -> None:
        raise RateLimited(5)

    monkeypatch.setattr(Limit, "take_if_counted", limited)
    with pytest.raises(RateLimited):
        send_notification(wanted(reader), caller=service)
    outcomes = [each.outcome for each in trail_of(actor_id=service.user_id)]
    assert outcomes == [AuditOutcome.OK, AuditOutcome.REFUSED]


# ------------------------------------------------------------------------- commands


def test_commands_of_the_launcher_are_recorded() -> None:
    made = create_service.handler({"name": "Warehouse"}, CONTEXT)
    revoke_service.handler({"client_id": made["client_id"]}, CONTEXT)
    entries = trail_of(target_id=made["client_id"])
    assert [each.operation for each in entries] == ["create_service", "revoke_service"]
    assert {(each.actor_id, each.actor_role) for each in entries} == {("aws", "command")}
    assert made["client_secret"] not in str([each.model_dump() for each in entries])
    assert all(each.correlation_id for each in entries)


def test_refused_command_is_recorded() -> None:
    with pytest.raises(Exception, match="no such service"):
        revoke_service.handler({"client_id": "0" * 24}, CONTEXT)
    entry = only(operation="revoke_service")
    assert (entry.outcome, entry.error) == (AuditOutcome.REFUSED, "ServiceNotFound")


# ------------------------------------------------------------------ search and export


def an_export(**wanted_: Any) -> ExportAuditTrail:
    return ExportAuditTrail.model_validate(wanted_)


def test_trail_is_searched_by_each_field() -> None:
    product, other = a_product(), a_product()
    with correlated("request-1"):
        adjust(product, 1)
    begin = now()
    with pytest.raises(NotEnoughStock):
        adjust(other, -100, ADMIN)
    for conditions in (
        {"actor_id": ADMIN.user_id},
        {"operation": "adjust_stock", "outcome": "refused"},
        {"target_id": other.id, "operation": "adjust_stock"},
        {"at_from": begin.isoformat()},
    ):
        assert only(**conditions).outcome is AuditOutcome.REFUSED, conditions
    assert only(correlation_id="request-1").targets[0].id == product.id
    assert begin not in [each.at for each in trail_of(at_before=begin.isoformat())]


def test_pages_are_newest_first_and_stable() -> None:
    product = a_product()
    for _ in range(5):
        adjust(product, 1)
    where = AuditFilter.model_validate({"operation": "adjust_stock"})
    first = get_audit_trail(page(limit=2), caller=ADMIN, wanted=where)
    adjust(product, 1)
    rest = get_audit_trail(page(limit=10, after=first.cursors[-1]), caller=ADMIN, wanted=where)
    stocks = [each.after["stock"] for each in [*first.items, *rest.items]]
    assert stocks == sorted(stocks, reverse=True)
    assert len(stocks) == 5
    assert (first.has_next, rest.has_next) == (True, False)


def test_export_continues_after_the_last_entry() -> None:
    product = a_product()
    for _ in range(5):
        adjust(product, 1)
    lines: list[dict[str, Any]] = []
    following = None
    while True:
        found = export_audit_trail(
            an_export(operation="adjust_stock", limit=2, after=following), caller=ADMIN
        )
        lines += [json.loads(each) for each in found.lines.splitlines()]
        if (following := found.next_after) is None:
            break
    assert [each["after"]["stock"] for each in lines] == [11, 12, 13, 14, 15]
    assert [each.after for each in trail_of(operation="export_audit_trail")] == [
        {"entries": 2},
        {"entries": 2},
        {"entries": 1},
    ]


def test_export_fits_into_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    product = a_product()
    for _ in range(3):
        adjust(product, 1)
    whole = export_audit_trail(an_export(operation="adjust_stock"), caller=ADMIN).lines
    monkeypatch.setattr(audit, "MAX_BYTES", len(whole) - 1)
    part = export_audit_trail(an_export(operation="adjust_stock"), caller=ADMIN)
    assert part.lines == "".join(whole.splitlines(keepends=True)[:2])
    assert part.next_after == json.loads(part.lines.splitlines()[-1])["id"]


def test_command_exports_and_is_recorded() -> None:
    adjust(a_product(), 1)
    answer = read_audit_trail.handler({"operation": "adjust_stock"}, CONTEXT)
    (line,) = answer["lines"].splitlines()
    assert json.loads(line)["operation"] == "adjust_stock"
    assert only(operation="read_audit_trail").after == {"entries": 1}


def test_export_by_rest_is_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    adjust(a_product(), 1)
    adjust(a_product(), 1)
    monkeypatch.setattr("tidings.platform.entry.http.authenticated", lambda _: ADMIN)
    monkeypatch.setattr("tidings.platform.entry.http.admit_caller", lambda who: who)
    event = api_event(queryStringParameters={"operation": "adjust_stock", "limit": "1"})
    answer = export_file.handler(event, CONTEXT)
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "application/x-ndjson"
    assert answer["headers"]["X-Next-After"] == json.loads(answer["body"])["id"]


# -------------------------------------------------------------------------- erasure


def test_erased_person_stays_in_the_trail_as_an_id() -> None:
    reader = a_reader(name="Ada Lovelace")
    get_user(reader.user_id, caller=OPERATOR)
    delete_account(reader.user_id, caller=ADMIN)
    erase(UserDeleted(subject=reader.user_id, data=UserDeletedData(user_id=reader.user_id)))
    entries = trail_of(target_id=reader.user_id)
    assert [each.operation for each in entries] == ["get_user", "delete_account"]
    told = str([each.model_dump() for each in entries])
    assert "Lovelace" not in told
    assert "@" not in told
