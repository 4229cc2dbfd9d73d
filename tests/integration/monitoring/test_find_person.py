"""A person is found by exact data only, with the answer to "why did Ada get no mail?"."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tests.integration.builders import a_person, a_reader, an_order
from tests.integration.monitoring.builders import (
    OPERATOR,
    a_dead_letter,
    break_template,
    broken,
)
from tests.integration.notifications.builders import some_content
from tests.unit.platform.builders import order_placed
from tidings.delivery.suppression import suppress
from tidings.monitoring.errors import PersonNotNamed
from tidings.monitoring.explaining.operations import explain_notification
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.monitoring.persons import templates
from tidings.monitoring.persons.operations import find_person
from tidings.monitoring.persons.schemas import FindPerson, FoundPerson, MessageOutlook
from tidings.notifications.creating import create_notifications
from tidings.notifications.rules import RULES
from tidings.platform.errors import Forbidden
from tidings.platform.logging import logger
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.operation import operation_of
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import now
from tidings.recommendations.models import CustomerProfile
from tidings.users.errors import UserNotFound
from tidings.users.models import User
from tidings.users.operations import delete_account

ALL_DAY = {"start": "00:00", "end": "23:59"}


def address_of(reader: Principal) -> str:
    return str(User.objects.get(pk=reader.user_id).email)


def found(reader: Principal, **wanted: Any) -> FoundPerson:
    return find_person(FindPerson(**wanted or {"id": reader.user_id}), caller=OPERATOR)


def outlook(person: FoundPerson, category: str, channel: str = "email") -> tuple[str, str | None]:
    (of_category,) = [each for each in person.outlook if each.category == category]
    (told,) = [each for each in of_category.channels if each.channel == channel]
    return told.status, told.reason


def notes(person: FoundPerson) -> set[str]:
    return {each.code for each in person.notes}


# ------------------------------------------------------------------------ the search


def test_person_is_found_by_id_address_and_number() -> None:
    ada, _ = a_reader(), a_reader()
    User.objects(pk=ada.user_id).update_one(set__phone="+49301234567")
    address = address_of(ada)
    for wanted in ({"id": ada.user_id}, {"email": address.upper()}, {"phone": "+49301234567"}):
        assert found(ada, **wanted).id == ada.user_id


def test_answer_has_no_whole_address() -> None:
    ada = a_reader(name="Adalovelace")
    User.objects(pk=ada.user_id).update_one(set__phone="+49301234567")
    person = found(ada)
    local, _, domain = address_of(ada).partition("@")
    assert person.email == f"{local[0]}***@{domain}"
    assert person.phone == "***67"
    text = person.model_dump_json()
    assert not [each for each in (local, "4930123", "Adalovelace") if each in text]


@pytest.mark.parametrize("part", ["a", "@example.com"])
def test_part_of_an_address_is_refused(part: str) -> None:
    with pytest.raises(ValidationError):
        FindPerson(email=part)


@pytest.mark.parametrize(
    "named", [{}, {"id": "01a22ddc2dcc7d42c8958ebd", "email": "ada@example.com"}]
)
def test_input_that_names_no_person_or_two_is_refused(named: dict[str, str]) -> None:
    with pytest.raises(PersonNotNamed) as refused:
        FindPerson.model_validate(named)
    # Its fields are right, so OpenAPI does not exclude it; the endpoint documents the refusal.
    assert refused.value.status == 422
    assert PersonNotNamed in operation_of(find_person).refuses


@pytest.mark.parametrize("change", ["x{}", "{}.org"])
def test_similar_address_is_not_found(change: str) -> None:
    address = address_of(a_reader())
    with pytest.raises(UserNotFound):
        find_person(FindPerson(email=change.format(address)), caller=OPERATOR)


def test_deleted_account_is_not_found() -> None:
    ada = a_reader()
    address = address_of(ada)
    delete_account(ada.user_id, caller=ada)
    take_stored()
    for wanted in ({"id": ada.user_id}, {"email": address}):
        with pytest.raises(UserNotFound):
            found(ada, **wanted)


def test_number_of_several_accounts_belongs_to_the_one_that_verified_it() -> None:
    readers = [a_reader() for _ in range(3)]
    ids = [each.user_id for each in readers]
    User.objects(pk__in=ids).update(set__phone="+49301234599")
    User.objects(pk=ids[1]).update_one(set__phone_verified_at=now())
    person = found(readers[1], phone="+49301234599")
    assert person.id == ids[1]
    assert sorted(person.others) == sorted([ids[0], ids[2]])


def test_customer_may_not_search() -> None:
    ada = a_reader()
    with pytest.raises(Forbidden):
        find_person(FindPerson(id=ada.user_id), caller=a_person(Role.CUSTOMER))


def test_log_line_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    log_lines = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log_lines)
    ada = a_reader()
    address = address_of(ada)
    found(ada, email=address)
    lines = [line for line in log_lines.getvalue().splitlines() if "person found" in line]
    (line,) = map(json.loads, lines)
    assert line["found_by"] == "email"
    assert address not in str(line)
    assert ada.user_id not in str(line)


# ---------------------------------------------------------------------- the answer


def test_why_ada_got_no_mail_is_answered_from_the_person() -> None:
    ada = a_reader(orders={"email": False})
    create_notifications([ada.user_id], some_content(category="orders"))
    take_stored()
    person = found(ada, email=address_of(ada))
    (told,) = person.notifications
    mail = next(each for each in told.channels if each.channel == "email")
    assert (mail.status, mail.reason) == ("suppressed", "preferences")
    explained = explain_notification(told.notification_id, caller=OPERATOR)
    assert ("delivery.suppressed", "preferences") in {
        (each.code, each.reason) for each in explained.steps if each.channel == "email"
    }
    assert "no_notification" not in notes(person)


def test_person_without_any_notification_has_the_outlook() -> None:
    person = found(a_reader())
    assert person.notifications == []
    assert notes(person) == {"no_notification", "recommendations_off"} - (
        {"recommendations_off"} if person.preferences.recommendations.inbox else set()
    )
    assert outlook(person, "orders") == ("queued", None)
    assert outlook(person, "promotions") == ("suppressed", "preferences")
    assert outlook(person, "orders", "inbox") == ("delivered", None)
    assert outlook(person, "orders", "sms") == ("not_addressed", "not_chosen")


def messages(person: FoundPerson, category: str) -> dict[str, MessageOutlook]:
    (of_category,) = [each for each in person.outlook if each.category == category]
    return {each.kind: each for each in of_category.messages}


def test_outlook_renders_each_kind_with_the_samples() -> None:
    ada = a_reader()
    person = found(ada)
    tried = [each for of in person.outlook for each in of.messages]
    assert {rule.kind for rule in RULES.values()} == {each.kind for each in tried}
    assert [each.fault for each in tried if each.fault] == []
    assert {each.notification_id for each in tried} == {None}


def test_outlook_sees_a_template_that_breaks_with_the_persons_own_values() -> None:
    ada, grace = a_reader(), a_reader()
    told = create_notifications([ada.user_id], some_content())[ada.user_id].notification_id
    version = break_template()
    kind = messages(found(ada), "orders")["order.confirmed"]
    assert (kind.notification_id, kind.version) == (told, version)
    assert kind.fault is not None
    assert (kind.fault.template_code, kind.fault.version) == ("order_confirmed", version)
    assert (kind.fault.part, kind.fault.line, kind.fault.sentence) == (
        "email.text",
        3,
        broken(version),
    )
    assert outlook(found(ada), "orders") == ("queued", "template_broken")
    assert messages(found(grace), "orders")["order.confirmed"].fault is None
    assert outlook(found(grace), "orders") == ("queued", None)


def test_outlook_fails_if_no_template_of_a_category_can_be_rendered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada = a_reader()
    create_notifications([ada.user_id], some_content())
    break_template()
    rules = {event: rule for event, rule in RULES.items() if rule.kind == "order.confirmed"}
    monkeypatch.setattr(templates, "RULES", rules)
    assert outlook(found(ada), "orders") == ("failed", "template_broken")
    assert outlook(found(ada), "orders", "sms") == ("not_addressed", "not_chosen")


def test_outlook_ends_after_some_time_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "SECONDS", -1.0)
    person = found(a_reader())
    assert [each for of in person.outlook for each in of.messages] == []
    assert "templates_not_tried" in notes(person)


def test_outlook_tells_each_reason() -> None:
    unverified = found(a_reader(verified=False, devices=0))
    assert outlook(unverified, "orders") == ("suppressed", "address_not_verified")
    quiet = found(a_reader(quiet_hours=ALL_DAY))
    assert outlook(quiet, "orders") == ("scheduled", "quiet_hours")
    digest = found(a_reader(promotions={"email": True}, digest="daily"))
    assert outlook(digest, "promotions") == ("scheduled", "digest")
    assert outlook(digest, "orders") == ("queued", None)
    no_device = found(a_reader(devices=0))
    assert outlook(no_device, "orders", "push") == ("suppressed", "no_address")
    silent = found(a_reader(stock={"inbox": False}))
    assert outlook(silent, "stock", "inbox") == ("suppressed", "preferences")


def test_suppressed_address_gets_no_mail() -> None:
    ada = a_reader()
    suppress(address_of(ada), "hard_bounce")
    person = found(ada)
    assert person.suppression is not None
    assert person.suppression.reason == "hard_bounce"
    assert outlook(person, "orders") == ("suppressed", "hard_bounce")
    assert outlook(person, "promotions") == ("suppressed", "preferences")


def test_pause_of_recommendations_is_told() -> None:
    ada = a_reader(recommendations={"email": True})
    CustomerProfile(id=ada.user_id, active_at=now(), announced_at=now()).save()
    assert "recommendations_pause" in notes(found(ada))
    later = now() + timedelta(hours=24)
    person = find_person(FindPerson(id=ada.user_id), caller=OPERATOR, at=later)
    assert "recommendations_pause" not in notes(person)


def test_failed_messages_and_orders_of_the_person_are_listed() -> None:
    ada = a_reader()
    order = an_order(customer=ada)
    take_stored()
    body = json.dumps(order_placed(data={"customer_id": ada.user_id})).encode()
    letter = a_dead_letter(body=body, error="no mail to ada@example.com")
    store_failed_messages([letter, a_dead_letter()])
    person = found(ada)
    assert [each.error for each in person.failed_messages] == ["no mail to [masked]"]
    assert [each.id for each in person.orders] == [order.id]
    assert [(each.id, each.state) for each in person.failed_messages] == [(letter.key, "failed")]


def test_lists_are_bounded_and_cost_the_same_commands(commands: list[str]) -> None:
    ada = a_reader()
    find_person(FindPerson(id=ada.user_id), caller=OPERATOR)
    commands.clear()
    find_person(FindPerson(id=ada.user_id), caller=OPERATOR)
    few = list(commands)
    for _ in range(25):
        create_notifications([ada.user_id], some_content())
    for _ in range(12):
        an_order(customer=ada)
    take_stored()
    commands.clear()
    person = find_person(FindPerson(id=ada.user_id), caller=OPERATOR)
    assert commands == few
    assert len(few) == 13  # with the entry of the audit trail
    assert (len(person.notifications), len(person.orders)) == (20, 10)
