"""A request for an address costs the same work with and without an account."""

import re
from collections.abc import Callable
from typing import Any

import argon2
import pytest

from tests.integration.builders import an_address
from tests.integration.users.people import (
    decoys_events,
    new,
    registered,
    sign_in,
    verification_code,
)
from tidings.delivery.models import Notification
from tidings.notifications.notifying import notify
from tidings.platform.errors import TidingsError
from tidings.platform.messaging import outbox, relay
from tidings.platform.security import store
from tidings.users import passwords
from tidings.users.events import (
    UserPasswordResetRequested,
    UserRegistered,
    UserVerificationRequested,
)
from tidings.users.models import User
from tidings.users.password_reset import request_password_reset, reset_password
from tidings.users.registration import register_user, resend_verification, verify_email
from tidings.users.schemas import (
    RequestPasswordReset,
    ResendVerification,
    ResetPassword,
    VerifyEmail,
)

pytestmark = pytest.mark.usefixtures("keys")
# Insertions and changes of one document count as the same work.
SAME = {"insert": "write", "findAndModify": "write", "update": "write"}
Work = dict[str, Any]
EVENTS = {
    each.event_type(): each
    for each in (UserRegistered, UserVerificationRequested, UserPasswordResetRequested)
}


class Counted:
    """Counts password hashes, and commands to MongoDB, Redis and RabbitMQ."""

    def __init__(self, commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._commands = commands
        self._counts = {"hashes": 0, "redis": 0, "events": 0, "event bytes": 0}
        # Counted in the inner function: `PasswordHasher.verify` refuses a malformed hash at once.
        for name in ("hash_secret", "verify_secret"):
            self._count(monkeypatch, argon2._password_hasher, name, "hashes")
        self._count(monkeypatch, type(store.client()), "execute_command", "redis")
        self._count(monkeypatch, type(store.client().pipeline()), "execute", "redis")
        self._publish(monkeypatch)

    def _count(self, patch: pytest.MonkeyPatch, kind: Any, name: str, what: str) -> None:
        original = getattr(kind, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            self._counts[what] += 1
            return original(*arguments, **named)

        patch.setattr(kind, name, counted)

    def _publish(self, patch: pytest.MonkeyPatch) -> None:
        original = relay._publish

        def counted(stored: list[outbox.Stored]) -> int:
            bodies = [whole_times(entry.body) for each in stored for entry in each.entries]
            self._counts["events"] += len(bodies)
            self._counts["event bytes"] += sum(map(len, bodies))
            return original(stored)

        patch.setattr(relay, "_publish", counted)

    def work_of(self, call: Callable[[], object]) -> Work:
        """Return the work of a request, including its publishing."""
        outbox.begin_noting()
        self._commands.clear()
        self._counts = dict.fromkeys(self._counts, 0)
        try:
            call()
        except TidingsError as error:
            refusal = whole_minutes(error.message)
        else:
            refusal = ""
        relay.publish_stored()
        mongodb = [SAME.get(name, name) for name in self._commands]
        return self._counts | {"mongodb": mongodb, "refusal": refusal}


def whole_minutes(message: str) -> str:
    """Return a message with its wait in whole minutes, because time passes between two calls."""
    return re.sub(r"(\d+) seconds", lambda wait: f"{-(-int(wait[1]) // 60)} minutes", message)


def whole_times(body: str) -> str:
    """Return an event without fractions of seconds, which one time in a thousand lacks."""
    return re.sub(r"(:\d\d)\.\d+Z", r"\1Z", body)


@pytest.fixture
def counted(commands: list[str], monkeypatch: pytest.MonkeyPatch, queues: Any) -> Counted:
    passwords._nobodys_hash()  # made once in a process, and not to be counted
    return Counted(commands, monkeypatch)


def ask_for_reset(email: str) -> None:
    request_password_reset(RequestPasswordReset(email=email))


def resend(email: str) -> None:
    resend_verification(ResendVerification(email=email))


def register(email: str) -> None:
    register_user(new(email, password="another password"))


def try_code(email: str) -> None:
    verify_email(VerifyEmail(email=email, code="0123456789"))


def try_reset_code(email: str) -> None:
    values = {"email": email, "code": "0123456789", "password": "another password"}
    reset_password(ResetPassword.model_validate(values))


def try_password(email: str) -> None:
    sign_in(email, "not the password")


def an_unverified() -> str:
    return str(registered().email)


def a_verified() -> str:
    """Return the address of an account that its owner took over, and which has no password."""
    user = registered()
    verify_email(VerifyEmail(email=user.email, code=verification_code(user)))
    return str(user.email)


AGAIN_AND_AGAIN = [ask_for_reset, resend, try_code, try_reset_code, try_password]
# An address that was registered once is known from then on.
CASES = [(1, register), *((times, ask) for ask in AGAIN_AND_AGAIN for times in (1, 2, 8))]


@pytest.mark.parametrize(("times", "ask"), CASES)
@pytest.mark.parametrize("known", [an_unverified, a_verified])
def test_requests_cost_the_same_with_and_without_an_account(
    times: int, known: Callable[[], str], ask: Callable[[str], None], counted: Counted
) -> None:
    address, unknown = known(), an_address()
    relay.publish_stored()
    counted.work_of(lambda: ask(an_address()))  # starts the counters of this network

    of_known = [counted.work_of(lambda: ask(address)) for _ in range(times)]
    of_unknown = [counted.work_of(lambda: ask(unknown)) for _ in range(times)]

    assert of_known == of_unknown


@pytest.mark.parametrize("ask", [ask_for_reset, resend, register])
def test_event_of_no_account_notifies_nobody(ask: Callable[[str], None]) -> None:
    address = a_verified() if ask is register else an_address()
    ask(address)
    (event,) = decoys_events()
    assert User.objects(pk=event["subject"]).first() is None
    notify(EVENTS[event["type"]].model_validate(event))
    assert Notification.objects.count() == 0


def test_work_is_counted(counted: Counted) -> None:
    address = a_verified()
    relay.publish_stored()
    asked = counted.work_of(lambda: ask_for_reset(address))
    assert (asked["hashes"], asked["events"]) == (0, 1)
    assert asked["redis"] > 0
    assert asked["mongodb"] == ["find", "write", "write"]
    assert counted.work_of(lambda: try_password(address))["hashes"] == 1
