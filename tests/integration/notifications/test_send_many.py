"""Tests of the bulk send: each message has the answer that it would have by itself."""

import json
from collections import Counter
from functools import partial
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from tests.integration.builders import a_person, a_reader, a_redis_that_is_away, at_once
from tests.integration.gateway.conftest import sign_in_service
from tests.integration.monitoring.test_audit import only
from tests.integration.notifications.builders import where
from tests.integration.notifications.test_send import SERVICE, wanted
from tests.integration.notifications.test_service_kinds import a_service
from tidings.delivery.models import Notification
from tidings.notifications import accepting, creating, drafting, send_api, send_requests
from tidings.notifications.cancelling import cancel_notification
from tidings.notifications.models import SendRequest
from tidings.notifications.queries import get_notification_status
from tidings.notifications.schemas import (
    MAX_MESSAGES,
    MessageAnswer,
    SendNotification,
    SendNotifications,
    SentNotifications,
)
from tidings.notifications.send_api import send_notification, send_notifications
from tidings.platform.entry.requests import MAX_BODY_BYTES
from tidings.platform.errors import Forbidden, RateLimited, TidingsError
from tidings.platform.inputs.parsing import parsed
from tidings.platform.messaging import outbox
from tidings.platform.refusals import UNEXPECTED, refusal_of
from tidings.platform.secrets import SigningKeys
from tidings.platform.security import limits, store
from tidings.platform.security.auth import Principal, Role
from tidings.platform.settings import settings
from tidings.platform.timing.clock import new_id, now
from tidings.users import persons
from tidings.users.models import PushToken, User
from tidings.users.service_kinds import ServiceKind

Body = dict[str, Any]


def a_message(reader: Principal, **more: Any) -> Body:
    body: Body = wanted(reader).model_dump(mode="json")
    return body | more


def bulk(*messages: Any) -> SendNotifications:
    return SendNotifications.model_validate({"notifications": messages})


def send(*messages: Any, caller: Principal = SERVICE) -> SentNotifications:
    return send_notifications(bulk(*messages), caller=caller)


def ids(sent: SentNotifications) -> list[str | None]:
    return [each.id for each in sent.answers]


def codes(sent: SentNotifications) -> list[str | None]:
    return [each.error.code if each.error else None for each in sent.answers]


def stored() -> tuple[int, int]:
    return SendRequest.objects.count(), Notification.objects.count()


def with_limit(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    few = settings().model_copy(update={"sends_per_minute": number})
    monkeypatch.setattr(send_api, "settings", lambda: few)


# --------------------------------------------------------------------- accepted


@pytest.mark.parametrize(
    "caller",
    [a_person(Role.OPERATOR), SERVICE, a_person(Role.ADMIN)],
    ids=lambda each: each.role,
)
def test_each_message_is_accepted_in_its_place(caller: Principal) -> None:
    readers = [a_reader(language=language) for language in ("de", "en")]
    messages = [
        a_message(readers[0], request_id="a"),
        a_message(readers[1], request_id="b", notification_type="inbox"),
        a_message(readers[0], request_id="c", notification_type="push", priority="urgent"),
    ]
    sent = send(*messages, caller=caller)
    assert (sent.accepted, sent.refused) == (3, 0)
    assert [each.request_id for each in sent.answers] == ["a", "b", "c"]
    told = [get_notification_status(each.id or "", caller=caller) for each in sent.answers]
    assert [each.user_id for each in told] == [each["user_id"] for each in messages]
    assert [each.language for each in told] == ["de", "en", "de"]
    assert [each.deliveries[0].status for each in told] == ["queued", "delivered", "queued"]
    (urgent,) = Notification.objects.get(pk=sent.answers[2].id).outbox
    assert urgent.routing_key == "push.urgent"


def test_preferences_apply_to_each_message() -> None:
    wants, does_not = a_reader(), a_reader(orders={"email": False})
    sent = send(a_message(wants), a_message(does_not))
    found = [Notification.objects.get(pk=each) for each in ids(sent)]
    assert [where(each, "email")[:2] for each in found] == [
        ("queued", None),
        ("suppressed", "preferences"),
    ]


def test_message_of_a_bulk_can_be_cancelled_by_its_service() -> None:
    sent = send(a_message(a_reader()))
    (email,) = cancel_notification(sent.answers[0].id or "", caller=SERVICE).deliveries
    assert email.status == "cancelled"


# ---------------------------------------------------------------------- refused


REFUSED: dict[str, Body] = {
    "user": {"user_id": "0" * 24},
    "template": {"template_code": "nothing"},
    "variable": {"variables": {"order_id": "7"}},
    "part": {"notification_type": "sms", "template_code": "task_deleted"},
    "code": {"template_code": "password_reset", "variables": {}},
    "time": {"send_at": "2020-01-01T00:00:00Z"},
}
MALFORMED: dict[str, Any] = {
    "channel": {"notification_type": "pigeon"},
    "several": {"notification_type": "pigeon", "user_id": "me", "priority": "soon"},
    "unknown": {"colour": "red"},
    "names": {"variables": {"A b": 1}},
    "deep": {"variables": {"a": [[[[[[1]]]]]]}},
    "far": {"send_at": "9999-12-31T23:59:59Z"},
    "id": {"request_id": "with a blank"},
}


def alone(message: Body) -> tuple[str, str, list[dict[str, str]]]:
    """Return the code, the text and the details that a message gets by itself."""
    with pytest.raises(TidingsError) as refused:
        send_notification(parsed(SendNotification, message), caller=SERVICE)
    refusal = refusal_of(refused.value)
    return refusal.code, refusal.message, list(refusal.details)


def told(answer: MessageAnswer) -> tuple[str, str, list[dict[str, str]]]:
    assert answer.error is not None
    return (
        answer.error.code,
        answer.error.message,
        [each.model_dump() for each in answer.error.details],
    )


def test_refused_messages_have_the_answers_they_get_alone_and_stop_no_other() -> None:
    reader = a_reader()
    bad = [a_message(reader, **change) for change in (*REFUSED.values(), *MALFORMED.values())]
    expected = [alone(each) for each in bad]
    mixed = [
        each for pair in zip(bad, [a_message(reader) for _ in bad], strict=True) for each in pair
    ]
    sent = send(*mixed)
    assert (sent.accepted, sent.refused) == (len(bad), len(bad))
    assert [told(each) for each in sent.answers[::2]] == expected
    assert all(each.status == "accepted" for each in sent.answers[1::2])
    assert [each.request_id for each in sent.answers[:-2]] == [
        each["request_id"] for each in mixed[:-2]
    ]
    assert sent.answers[-2].request_id is None  # malformed itself
    assert stored() == (len(bad), len(bad))


@pytest.mark.parametrize("item", [None, 7, "x", [], {}, {"request_id": 5}])
def test_item_that_is_no_message_refuses_itself(item: Any) -> None:
    sent = send(item, a_message(a_reader()))
    assert codes(sent) == ["BAD_USER_INPUT", None]
    assert sent.answers[0].request_id is None


def test_refused_message_leaves_its_request_id_free() -> None:
    reader = a_reader()
    send(a_message(reader, request_id="r", template_code="nothing"))
    assert stored() == (0, 0)
    assert send(a_message(reader, request_id="r")).accepted == 1


def test_fault_of_ours_in_one_message_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    real, reader = drafting.draft, a_reader()

    def faulty(contact: Any, content: Any, *args: Any) -> Any:
        if content.subject_id == "bad":
            raise KeyError("secret")
        return real(contact, content, *args)

    monkeypatch.setattr(accepting, "draft", faulty)
    sent = send(a_message(reader, request_id="bad"), a_message(reader))
    assert told(sent.answers[0]) == (*UNEXPECTED[:2], [])
    assert sent.answers[1].status == "accepted"
    with pytest.raises(KeyError):
        send_notification(wanted(reader, request_id="bad"), caller=SERVICE)


def test_customers_cannot_send() -> None:
    reader = a_reader()
    with pytest.raises(Forbidden):
        send(a_message(reader), caller=reader)
    assert stored() == (0, 0)


def test_team_and_test_credentials_hold_for_each_message() -> None:
    member, stranger = a_reader(), a_reader()
    team = a_service(ServiceKind.TEAM, member)
    sent = send(a_message(stranger), a_message(member), caller=team)
    assert codes(sent) == ["BAD_USER_INPUT", None]
    assert told(sent.answers[0])[2][0]["field"] == "user_id"
    tried = send(a_message(member), a_message(stranger), caller=a_service(ServiceKind.TEST))
    assert all(Notification.objects.get(pk=each).simulated for each in ids(tried))


# ------------------------------------------------------------------------- once


def test_repeated_request_has_the_same_answers_and_sends_nothing() -> None:
    messages = [a_message(a_reader()) for _ in range(3)]
    first = send(*messages)
    assert send(*messages) == first
    assert send(*reversed(messages)).answers == first.answers[::-1]
    assert stored() == (3, 3)


def test_partly_repeated_request_sends_the_rest() -> None:
    reader = a_reader()
    old, new, changed = (a_message(reader) for _ in range(3))
    before = send(old, changed)
    sent = send(new, old, changed | {"priority": "urgent"})
    assert codes(sent) == [None, None, "CONFLICT"]
    assert sent.answers[1].id == before.answers[0].id
    assert stored() == (3, 3)


def test_request_id_twice_in_one_request_is_one_message() -> None:
    message = a_message(a_reader())
    sent = send(message, message, message | {"metadata": {"a": "b"}}, message)
    assert codes(sent) == [None, None, "CONFLICT", None]
    assert len({ids(sent)[0], ids(sent)[1], ids(sent)[3]}) == 1
    assert stored() == (1, 1)


def test_other_content_is_refused_also_if_the_first_is() -> None:
    reader = a_reader()
    bad = a_message(reader, request_id="r", template_code="nothing")
    good = a_message(reader, request_id="r")
    sent = send(bad, good)
    assert codes(sent) == ["BAD_USER_INPUT", "CONFLICT"]
    assert stored() == (0, 0)


def test_malformed_message_does_not_take_its_request_id() -> None:
    message = a_message(a_reader(), request_id="r")
    sent = send(message | {"notification_type": "pigeon"}, message)
    assert codes(sent) == ["BAD_USER_INPUT", None]


def test_single_and_bulk_share_their_request_ids() -> None:
    reader = a_reader()
    single, message = wanted(reader), a_message(reader)
    first = send_notification(single, caller=SERVICE)
    sent = send(single.model_dump(mode="json"), message)
    assert sent.answers[0].id == first.id
    again = send_notification(SendNotification.model_validate(message), caller=SERVICE)
    assert again.id == sent.answers[1].id
    assert stored() == (2, 2)


def test_callers_have_request_ids_of_their_own() -> None:
    message = a_message(a_reader())
    both = [send(message, caller=each).answers[0].id for each in (SERVICE, a_person(Role.SERVICE))]
    assert len(set(both)) == 2


def test_concurrent_requests_are_one(unpublished: None) -> None:
    messages = [a_message(a_reader()) for _ in range(5)]
    singles = [SendNotification.model_validate(each) for each in messages]
    calls: list[Any] = [partial(send_notifications, bulk(*messages), caller=SERVICE)] * 6
    calls += [partial(send_notifications, bulk(*messages[::-1]), caller=SERVICE)] * 2
    calls += [partial(send_notification, each, caller=SERVICE) for each in singles]
    answers = at_once(calls)
    told = Counter(
        (each.request_id, each.id)
        for answer in answers
        for each in getattr(answer, "answers", [answer])
    )
    assert sorted(told.values()) == [9] * 5
    assert stored() == (5, 5)


def test_of_concurrent_requests_with_other_contents_one_wins(unpublished: None) -> None:
    readers = [a_reader() for _ in range(4)]
    calls = [
        partial(send, *(a_message(reader, request_id=str(n)) for n in range(3)))
        for reader in readers
    ]
    answers = at_once(calls)
    for place in range(3):
        outcomes = Counter(each.answers[place].status for each in answers)
        assert outcomes == {"accepted": 1, "refused": 3}
    assert stored() == (3, 3)


# ------------------------------------------------------------------ interrupted


@pytest.mark.parametrize(
    ("module", "name"),
    [(accepting, "store"), (send_requests, "complete"), (send_requests, "claim")],
    ids=["before notifications", "before their ids", "before claims"],
)
def test_interrupted_request_is_completed_by_the_next_one(
    module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [a_message(a_reader()) for _ in range(3)]

    def die(*_: Any, **__: Any) -> None:
        raise AutoReconnect

    with monkeypatch.context() as patch:
        patch.setattr(module, name, die)
        with pytest.raises(AutoReconnect):
            send(*messages)
    left = SendRequest.objects.count()
    sent = send(*messages, a_message(a_reader()))
    assert sent.accepted == 4
    assert left in {0, 3}
    assert stored() == (4, 4)
    assert {each.notification_id for each in SendRequest.objects} == set(ids(sent))


def test_interrupted_request_that_is_refused_now_frees_its_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = a_reader()
    message = a_message(reader, request_id="r")

    def die(*_: Any) -> None:
        raise AutoReconnect

    with monkeypatch.context() as patch:
        patch.setattr(accepting, "store", die)
        with pytest.raises(AutoReconnect):
            send(message)
    User.objects(pk=reader.user_id).delete()
    persons.forget([reader.user_id])
    assert codes(send(message)) == ["BAD_USER_INPUT"]
    assert stored() == (0, 0)
    assert send(a_message(a_reader(), request_id="r")).accepted == 1


def test_first_chunk_stays_if_the_second_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "MAX_RECIPIENTS", 2)
    messages = [a_message(a_reader()) for _ in range(5)]
    real, calls = creating.store, list[int]()

    def die_later(drafts: Any) -> Any:
        calls.append(len(drafts))
        if len(calls) == 2:
            raise AutoReconnect
        return real(drafts)

    with monkeypatch.context() as patch:
        patch.setattr(accepting, "store", die_later)
        with pytest.raises(AutoReconnect):
            send(*messages)
    assert stored() == (4, 2)
    assert send(*messages).accepted == 5
    assert stored() == (5, 5)


# --------------------------------------------------------------- limit, number


def test_messages_beyond_the_limit_are_refused_each(monkeypatch: pytest.MonkeyPatch) -> None:
    with_limit(monkeypatch, 4)
    caller, reader = a_person(Role.SERVICE), a_reader()
    messages = [a_message(reader) for _ in range(6)]
    sent = send(*messages, {}, messages[0], messages[5], caller=caller)
    limited = ["RATE_LIMITED"] * 2
    assert codes(sent) == [*[None] * 4, *limited, "BAD_USER_INPUT", None, "RATE_LIMITED"]
    error = sent.answers[4].error
    assert error is not None
    assert error.retry_after is not None
    assert 0 < error.retry_after <= 60
    assert stored() == (4, 4)
    with pytest.raises(RateLimited):
        send(messages[0], caller=caller)
    with pytest.raises(RateLimited):
        send_notification(wanted(reader), caller=caller)


def test_repeated_messages_take_nothing_of_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request larger than the limit is completed by repeating it."""
    with_limit(monkeypatch, 3)
    caller, reader = a_person(Role.SERVICE), a_reader()
    messages = [a_message(reader) for _ in range(7)]
    accepted = []
    for _ in range(3):
        accepted.append(send(*messages, caller=caller).accepted)
        limit = limits.Limit("sends", 3, 60)
        store.client().delete(limits.count_key(limit, caller.user_id))  # the next minute
    assert accepted == [3, 6, 7]


def test_sending_works_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = a_redis_that_is_away()
    monkeypatch.setattr(store, "client", lambda: gone)
    monkeypatch.setattr("tidings.platform.security.limits.resting._until", 0.0)
    assert send(a_message(a_reader()), a_message(a_reader())).accepted == 2
    monkeypatch.setattr("tidings.platform.security.limits.resting._until", 0.0)


# ----------------------------------------------------------------------- at size


def people(number: int) -> list[str]:
    """Return people with a device each, inserted at once."""
    created = [
        User(email=f"{new_id()}@example.com", name="Ada", password_hash="-", verified_at=now())
        for _ in range(number)
    ]
    tokens = [
        PushToken(user_id=each.id, platform="ios", token=each.id, token_hash=each.id)
        for each in created
    ]
    User.objects.insert(created)
    PushToken.objects.insert(tokens)
    return [each.id for each in created]


def commands_of(commands: list[str], *messages: Body) -> Counter[str]:
    outbox.take_stored()
    commands.clear()
    assert send(*messages).accepted == len(messages)
    return Counter(commands)


def test_thousand_messages_take_the_commands_of_a_few(
    commands: list[str],
) -> None:
    reader = a_reader()
    send(a_message(reader))  # fills the caches of templates, and makes a copy of the reader
    commands.clear()
    send_notification(wanted(reader), caller=SERVICE)
    alone = Counter(commands)
    assert alone == {"find": 3, "insert": 3, "update": 1}
    assert commands_of(commands, a_message(reader)) == alone
    messages = [
        a_message(reader, user_id=each, notification_type="push") for each in people(MAX_MESSAGES)
    ]
    many = commands_of(commands, *messages)
    # Two chunks of 500, and one entry of the audit trail.
    assert many - Counter(getMore=4) == {"find": 6, "insert": 5, "update": 2}
    assert len(outbox.take_stored()) == MAX_MESSAGES  # all are published at once
    assert commands_of(commands, *messages) == {"find": 1, "insert": 1}  # repeated


def test_unknown_templates_are_looked_up_together(commands: list[str]) -> None:
    reader = a_reader()
    send(a_message(reader))
    commands.clear()
    sent = send(*(a_message(reader, template_code=f"nothing_{n}") for n in range(50)))
    assert sent.refused == 50
    assert commands.count("aggregate") == 1


# ----------------------------------------------------------------------- by HTTP


SEND = """mutation($input: SendNotificationsInput!) { sendNotifications(input: $input) {
  accepted refused
  answers { status id requestId error { code message details { field } retryAfter } } } }"""


def in_graphql(message: Body) -> Body:
    named = {"notification_type": "notificationType", "user_id": "userId"}
    named |= {"template_code": "templateCode", "request_id": "requestId"}
    kept = {named.get(key, key): value for key, value in message.items() if value is not None}
    return kept | {"notificationType": "EMAIL", "priority": "NORMAL"}


def test_rest_and_graphql_take_a_thousand_messages_and_answer_alike(keys: SigningKeys) -> None:
    api, reader = sign_in_service(), a_reader()
    padding = {"metadata": {"note": "x" * 100}}
    messages = [a_message(reader, **padding) for _ in range(MAX_MESSAGES)]
    messages[7] |= {"user_id": "0" * 24}
    assert len(json.dumps(messages)) > MAX_BODY_BYTES
    by_rest = api.rest("POST", "/notifications/bulk", {"notifications": messages})
    assert by_rest.status == 200, by_rest.text
    data = by_rest.json["data"]
    assert (data["accepted"], data["refused"]) == (MAX_MESSAGES - 1, 1)
    wanted = {"notifications": [in_graphql(each) for each in messages]}
    by_graphql = api.graphql(SEND, input=wanted)["data"]["sendNotifications"]
    told = [[each["id"] for each in one["answers"]] for one in (data, by_graphql)]
    assert told[0] == told[1]
    refused = by_graphql["answers"][7]
    assert (refused["status"], refused["error"]["details"]) == ("REFUSED", [{"field": "userId"}])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"notifications": []},
        {"notifications": {}},
        {"notifications": [{}] * (MAX_MESSAGES + 1)},
        {"notifications": [{}], "more": 1},
    ],
    ids=["none", "empty", "object", "too many", "another field"],
)
def test_malformed_request_is_refused_as_a_whole(body: Body, keys: SigningKeys) -> None:
    answer = sign_in_service().rest("POST", "/notifications/bulk", body)
    assert (answer.status, answer.json["error"]["code"]) == (400, "BAD_USER_INPUT")
    assert stored() == (0, 0)


def test_request_of_more_than_two_mebibytes_is_refused(keys: SigningKeys) -> None:
    body = {"notifications": ["x" * SendNotifications.max_bytes]}
    assert sign_in_service().rest("POST", "/notifications/bulk", body).status == 413


# ------------------------------------------------------------------ audit trail


def test_request_is_one_entry_with_its_numbers() -> None:
    service, readers = a_person(Role.SERVICE), [a_reader(), a_reader()]
    sent = send(*map(a_message, readers), {}, caller=service)
    entry = only(actor_id=service.user_id)
    assert (entry.operation, entry.outcome) == ("send_notifications", "ok")
    assert entry.after == {"accepted": 2, "refused": 1}
    assert {(each.kind, each.id) for each in entry.targets} == {
        *(("notification", each) for each in ids(sent) if each),
        *(("user", each.user_id) for each in readers),
    }
