"""Requests admitted right before an account changes its owner change nothing in it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.users.pauses import Pause, during
from tests.integration.users.people import (
    event_of,
    mark_verified,
    registered,
    reset_code,
)
from tidings.platform.security.auth import Principal, Role
from tidings.users import codes, contact_points, credentials, operations
from tidings.users.contact_points import SetContactPoints, set_contact_points
from tidings.users.contacts import get_contacts
from tidings.users.errors import SessionEnded
from tidings.users.models import PushToken, User
from tidings.users.operations import delete_account, update_profile, update_user_preferences
from tidings.users.password_reset import reset_password
from tidings.users.preferences import UpdatePreferences
from tidings.users.push_tokens import register_push_token
from tidings.users.registration import resend_verification, verify_email
from tidings.users.schemas import (
    RegisterPushToken,
    ResendVerification,
    ResetPassword,
    UpdateProfile,
    VerifyEmail,
)

pytestmark = pytest.mark.usefixtures("keys")
Request = Callable[[Principal], object]
OWNERS = "an owner's passphrase"


def rename(caller: Principal) -> object:
    return update_profile(caller.user_id, UpdateProfile(name="Mallory"), caller=caller)


def choose(caller: Principal) -> object:
    wanted = UpdatePreferences.model_validate({"language": "de"})
    return update_user_preferences(caller.user_id, wanted, caller=caller)


def set_points(caller: Principal) -> object:
    wanted = SetContactPoints(phone="+491701234567", webhook_url="https://hooks.example.com/x")
    return set_contact_points(caller.user_id, wanted, caller=caller)


def delete(caller: Principal) -> object:
    return delete_account(caller.user_id, caller=caller)


def verify(user: User) -> None:
    """Verify the address by its owner, who did not register it."""
    resend_verification(ResendVerification(email=user.email))
    code = event_of(user, "user.verification_requested")["data"]["verification_code"]
    proof = {"email": user.email, "code": code}
    verify_email(VerifyEmail.model_validate(proof))


def reset(user: User) -> None:
    wanted = {"email": user.email, "code": reset_code(user), "password": OWNERS}
    reset_password(ResetPassword.model_validate(wanted))


def state(user: User) -> dict[str, Any]:
    contact = get_contacts([user.id])[user.id]
    return contact.model_dump(include={"name", "phone", "webhook_url", "preferences", "devices"})


# Each request at its last step before it writes.
REQUESTS: list[tuple[Request, Any, str]] = [
    (rename, operations, "folded"),
    (choose, operations, "UserPreferencesUpdatedData"),
    (set_points, contact_points, "find_user"),
    (delete, codes, "drop"),
    (delete, credentials, "_close"),
]


@pytest.mark.parametrize(("change", "verified"), [(verify, False), (reset, False), (reset, True)])
@pytest.mark.parametrize(("request_", "module", "name"), REQUESTS)
def test_late_request_of_another_person_changes_nothing(
    request_: Request,
    module: Any,
    name: str,
    change: Callable[[User], None],
    verified: bool,
) -> None:
    user = registered("Mallory")
    if verified:
        mark_verified(user)
    stranger = Principal(user_id=user.id, role=Role.CUSTOMER, session_id="s", security_version=0)
    owners: list[dict[str, Any]] = []

    def take_over() -> None:
        change(user)
        token = {"platform": "ios", "token": f"owners-{user.id}"}
        owner = stranger.model_copy(update={"security_version": credentials.version_of(user.id)})
        device = RegisterPushToken.model_validate(token)
        register_push_token(user.id, device, caller=owner)
        owners.append(state(user))

    pause = Pause(module, name, after=name == "find_user")
    late = during(pause, lambda: request_(stranger), take_over)
    assert isinstance(late, SessionEnded)
    assert [state(user)] == owners
    assert PushToken.objects(user_id=user.id).count() == 1


@pytest.mark.parametrize("request_", [rename, choose, set_points, delete])
@pytest.mark.parametrize("stored", [True, False])
def test_request_in_time_is_accepted_also_from_an_account_of_an_earlier_release(
    request_: Request, stored: bool
) -> None:
    user = registered()
    if not stored:
        User.objects(pk=user.id).update_one(unset__security_version=True)
    person = Principal(user_id=user.id, role=Role.CUSTOMER, session_id="s", security_version=0)
    request_(person)
    changed = User.objects.get(pk=user.id)
    assert [
        changed.name == "Mallory",
        changed.preferences.get("language") == "de",
        changed.phone is not None,
        changed.deleted_at is not None,
    ].count(True) == 1
