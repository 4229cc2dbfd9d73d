"""A one-time code becomes invalid with its dead letter, and operators never get it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from notifications.notifications import handler

from tests.integration.builders import CONTEXT, Queues, a_person, an_address
from tests.integration.monitoring.builders import OPERATOR, a_dead_letter, state_of, stored
from tests.integration.users.people import event_of, new, registered, reset_code, verification_code
from tests.unit.templates.builders import in_inbox
from tidings.monitoring.errors import ChangesRefused
from tidings.monitoring.failed_messages import discard_failed_message, store_failed_messages
from tidings.monitoring.models import FailedMessage
from tidings.monitoring.queries import get_failed_messages
from tidings.monitoring.redrive import redrive_failed_messages
from tidings.monitoring.schemas import RedriveFailedMessages, RedriveReport
from tidings.platform.errors import Unavailable
from tidings.platform.logging import logger
from tidings.platform.messaging.dead_letters import DeadLetter
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.security import store
from tidings.platform.security.auth import Role
from tidings.platform.storage.pagination import PageRequest
from tidings.templates.models import TemplateVersion
from tidings.templates.rendering import forget_kept
from tidings.users.errors import WrongCode
from tidings.users.models import User
from tidings.users.password_reset import reset_password
from tidings.users.registration import create_admin, verify_email
from tidings.users.schemas import ResetPassword, VerifyEmail

pytestmark = pytest.mark.usefixtures("keys")

NEW_PASSWORD = "an entirely new one"


def letter_of(event: dict[str, Any], **changes: Any) -> DeadLetter:
    values: dict[str, Any] = {
        "message_id": event["id"],
        "routing_key": "notifications",
        "type": event["type"],
        "body": json.dumps(event).encode(),
    }
    return a_dead_letter(**values | changes)


def reset_letter(user: User, **changes: Any) -> tuple[str, DeadLetter]:
    code = reset_code(user)
    return code, letter_of(event_of(user, "user.password_reset_requested"), **changes)


def redriven(letter: DeadLetter, **wanted: object) -> RedriveReport:
    wish = RedriveFailedMessages.model_validate({"ids": [letter.key]} | wanted)
    return redrive_failed_messages(wish, caller=a_person(Role.ADMIN))


def reset_with(user: User, code: str) -> None:
    reset_password(
        ResetPassword.model_validate({"email": user.email, "code": code, "password": NEW_PASSWORD})
    )


def everything_shown(letter: DeadLetter) -> str:
    page = get_failed_messages(PageRequest.model_validate({}), caller=OPERATOR)
    shown = [*page.items, redriven(letter, dry_run=True)]
    return "".join(each.model_dump_json() for each in shown)


# -------------------------------------------------------------------------- invalidation


def test_code_of_a_dead_letter_sets_no_password() -> None:
    user = registered()
    code, letter = reset_letter(user)
    store_failed_messages([letter])
    with pytest.raises(WrongCode):
        reset_with(user, code)


def test_code_of_a_dead_letter_verifies_no_address() -> None:
    user = registered()
    code = verification_code(user)
    store_failed_messages([letter_of(event_of(user, "user.registered"))])
    with pytest.raises(WrongCode):
        verify_email(VerifyEmail(email=user.email, code=code))


def test_person_can_request_another_code() -> None:
    user = registered()
    _, letter = reset_letter(user)
    store_failed_messages([letter])
    reset_with(user, reset_code(user))


def test_newer_code_stays_valid_after_an_older_dead_letter() -> None:
    user = registered()
    _, older = reset_letter(user)
    newer = reset_code(user)
    store_failed_messages([older])
    reset_with(user, newer)


def test_codes_of_others_and_for_other_purposes_stay_valid() -> None:
    user, other = registered(), registered()
    _, letter = reset_letter(user)
    others = reset_code(other)
    store_failed_messages([letter])
    reset_with(other, others)
    verify_email(VerifyEmail(email=user.email, code=verification_code(user)))


def test_letter_is_not_stored_before_its_code_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    user = registered()
    _, letter = reset_letter(user)

    def away() -> Any:
        raise redis.ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(store, "client", away)
        with pytest.raises((redis.RedisError, Unavailable)):
            store_failed_messages([letter])
    assert FailedMessage.objects.count() == 0
    store_failed_messages([letter])
    assert state_of(letter) == "failed"


def test_letter_that_is_stored_twice_is_one() -> None:
    user = registered()
    _, letter = reset_letter(user)
    for _ in range(2):
        store_failed_messages([letter])
    assert [each.act for each in stored(letter).acts] == ["voided"]


# -------------------------------------------------------- storing, showing and redriving


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """Return the log lines of the functions, as they are written."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logger.registered_formatter)
    logger._logger.addHandler(handler)
    yield lines
    logger._logger.removeHandler(handler)


def test_code_is_neither_stored_nor_shown_nor_logged(log_lines: io.StringIO) -> None:
    user = registered()
    code, letter = reset_letter(user)
    store_failed_messages([letter])
    shown, logged = everything_shown(letter), log_lines.getvalue()
    assert code not in str(stored(letter).to_mongo())
    assert code not in shown
    assert "failed message stored: waits for an operator" in logged
    assert code not in logged
    assert user.id in stored(letter).mentions


def _cut(body: bytes) -> bytes:
    return body[:-2]


def _as_list(body: bytes) -> bytes:
    return b"[" + body + b"]"


def _of_unknown_type(body: bytes) -> bytes:
    return body.replace(b"user.password_reset_requested", b"user.password_lost")


def _deep(body: bytes) -> bytes:
    return json.dumps(
        json.loads(body) | {"data": {"a": [{"b": json.loads(body)["data"]}]}}
    ).encode()


@pytest.mark.parametrize("broken", [_cut, _as_list, _of_unknown_type, _deep])
def test_code_of_an_unreadable_message_is_not_stored_either(broken: Any) -> None:
    user = registered()
    code, letter = reset_letter(user)
    letter = letter.model_copy(update={"body": broken(letter.body), "type": None})
    store_failed_messages([letter])
    assert code not in str(stored(letter).to_mongo())
    assert code not in everything_shown(letter)
    assert redriven(letter).not_failed == [letter.key]


def test_letter_with_an_invalid_code_is_not_redriven(queues: Queues) -> None:
    _, letter = reset_letter(registered())
    store_failed_messages([letter])
    report = redriven(letter)
    assert (report.accepted, report.not_failed) == (0, [letter.key])
    everything = RedriveFailedMessages.model_validate({"filter": {}})
    assert redrive_failed_messages(everything, caller=OPERATOR).accepted == 0
    assert state_of(letter) == "failed"
    assert queues.is_empty("notifications")


def test_dry_run_reports_the_invalid_code() -> None:
    _, letter = reset_letter(registered())
    store_failed_messages([letter])
    (forecast,) = redriven(letter, dry_run=True).forecasts
    assert (forecast.outcome, forecast.reason) == ("stale", "Its one-time code is void.")


def test_letter_with_an_invalid_code_can_be_discarded() -> None:
    _, letter = reset_letter(registered())
    store_failed_messages([letter])
    found = discard_failed_message(letter.key, "The person asked again.", caller=OPERATOR)
    assert found.state == "discarded"


def test_letter_of_an_older_release_is_not_redriven_either(queues: Queues) -> None:
    code, letter = reset_letter(registered())
    store_failed_messages([letter])
    FailedMessage.objects(pk=letter.key).update_one(unset__code_void=True, set__body=letter.body)
    assert redriven(letter).not_failed == [letter.key]
    assert code not in everything_shown(letter)
    assert queues.is_empty("notifications")


def test_text_that_only_mentions_codes_is_redriven(queues: Queues) -> None:
    content = {"type": "task.due", "data": {"title": "Explain reset_code and verification_code"}}
    letter = letter_of({"id": "1", "type": "task.due"}, body=json.dumps(content).encode())
    store_failed_messages([letter])
    assert redriven(letter).accepted == 1
    queues.take("notifications", 1)


# ----------------------------------------------------------------------------- attack


def break_reset_template() -> None:
    """Store a template that an operator of an older release could store, and that always fails."""
    content = in_inbox("{{ missing }}", required_variables=["missing"])
    TemplateVersion(
        id="password_reset:2",
        code="password_reset",
        version=2,
        content=content.model_dump_json(),
        changed_by=OPERATOR.user_id,
    ).save(force_insert=True)
    forget_kept()


def test_operator_gets_no_code_of_an_admin_by_redriving_it(queues: Queues) -> None:
    address = an_address()
    create_admin(new(address))
    admin, operator = User.objects.get(email=address), registered()
    break_reset_template()
    code = reset_code(admin)
    publish_stored()
    taken = [each for each in queues.take("notifications", 2) if code in str(each.event)]
    handler(queues.event_of("notifications", taken), CONTEXT)
    (dead,) = queues.take("failed-messages", 1)
    letter = letter_of(dead.event)
    store_failed_messages([letter])
    for changes in (
        {"subject": operator.id, "data": {"user_id": operator.id}},
        {"data": {"user_id": operator.id}},
        {"subject": operator.id},
        {"data": {"reset_code": "AAAAAAAA"}},
    ):
        with pytest.raises(ChangesRefused):
            redriven(letter, changes=json.dumps(changes))
    assert redriven(letter).accepted == 0
    assert queues.is_empty("notifications")
    with pytest.raises(WrongCode):
        reset_with(admin, code)
