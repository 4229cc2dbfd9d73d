"""Builders of people, their sessions, and the codes in their events."""

import json
from typing import Any

from tests.integration.builders import PASSWORD, an_address
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import now
from tidings.users.models import CodeRequest, User
from tidings.users.password_reset import request_password_reset
from tidings.users.registration import register_user
from tidings.users.schemas import Login, RegisterUser, RequestPasswordReset, Session
from tidings.users.sessions import login
from tidings.users.throttle import RESET_MAILS


def new(email: str, password: str = PASSWORD, name: str = "Ada") -> RegisterUser:
    return RegisterUser.model_validate({"email": email, "password": password, "name": name})


def registered(name: str = "Ada", email: str | None = None) -> User:
    """Return a new customer's account."""
    address = email or an_address()
    register_user(new(address, name=name))
    return account(address)


def mark_verified(user: User) -> None:
    """Mark an address as verified."""
    User.objects(pk=user.id).update_one(set__verified_at=now())


def account(email: str) -> User:
    user: User = User.objects.get(email=email)
    return user


def sign_in(email: str, password: str = PASSWORD) -> Session:
    return login(Login.model_validate({"email": email, "password": password}))


def as_principal(user: User) -> Principal:
    return Principal(user_id=user.id, role=Role(user.role))


def stored_events() -> list[dict[str, Any]]:
    """Return the waiting events of accounts as they will be published, oldest first."""
    accounts = {each.id for each in User.objects}
    return [each for each in _waiting() if each["subject"] in accounts]


def _waiting() -> list[dict[str, Any]]:
    documents = (*User.objects, *CodeRequest.objects)
    entries = [entry for each in documents for entry in each.outbox]
    return [json.loads(entry.body) for entry in sorted(entries, key=lambda entry: entry.time)]


def decoys_events() -> list[dict[str, Any]]:
    """Return the waiting events of decoys."""
    accounts = {each.id for each in User.objects}
    return [each for each in _waiting() if each["subject"] not in accounts]


def event_of(user: User, event_type: str) -> dict[str, Any]:
    """Return an account's newest waiting event of this type."""
    events = [each for each in stored_events() if each["subject"] == user.id]
    return next(each for each in reversed(events) if each["type"] == event_type)


def verification_code(user: User) -> str:
    return str(event_of(user, "user.registered")["data"]["verification_code"])


def reset_code(user: User) -> str:
    """Request a code and return it, without the wait between two requests."""
    RESET_MAILS.forget(user.email)
    request_password_reset(RequestPasswordReset(email=user.email))
    return str(event_of(user, "user.password_reset_requested")["data"]["reset_code"])
