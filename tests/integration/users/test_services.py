"""Services that call the API: their credentials, their tokens, and the end of both."""

import importlib

import pytest

from tests.integration.builders import CONTEXT
from tidings.platform.context import called_from
from tidings.platform.errors import RateLimited, Unauthenticated
from tidings.platform.security import limits
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import Principal, Role, verify_access_token
from tidings.platform.timing.clock import new_id
from tidings.users import service_sessions
from tidings.users.errors import ServiceNotFound, WrongServiceCredentials
from tidings.users.models import Service
from tidings.users.schemas import CreateService, ServiceCredentials, StartServiceSession
from tidings.users.service_sessions import start_service_session
from tidings.users.services import (
    create_service,
    get_services,
    revoke_service,
)

pytestmark = pytest.mark.usefixtures("keys")


def a_service(name: str = "Packing station") -> ServiceCredentials:
    return create_service(CreateService(name=name))


def sign_in(client_id: str, client_secret: str) -> Principal:
    presented = StartServiceSession.model_validate(
        {"client_id": client_id, "client_secret": client_secret}
    )
    return verify_access_token(start_service_session(presented).access_token)


def test_service_signs_in_with_its_secret() -> None:
    made = a_service()
    principal = sign_in(made.client_id, made.client_secret)
    assert (principal.user_id, principal.role) == (made.client_id, Role.SERVICE)
    admit(principal)
    (listed,) = get_services()
    assert listed.last_used_at is not None
    assert listed.revoked_at is None


def test_secret_is_long_and_kept_as_a_hash() -> None:
    made = a_service()
    assert len(made.client_secret) >= 40
    assert made.client_secret not in str(Service.objects.get().to_mongo())
    assert "secret" not in get_services()[0].model_dump()


def test_wrong_secret_unknown_client_and_revoked_one_get_the_same_error() -> None:
    made, gone = a_service(), a_service()
    revoke_service(gone.client_id)
    messages = set()
    for client_id, secret in (
        (made.client_id, "guess"),
        (made.client_id, gone.client_secret),
        (new_id(), made.client_secret),
        ("{'$gt': ''}", made.client_secret),
        (gone.client_id, gone.client_secret),
    ):
        with pytest.raises(WrongServiceCredentials) as refused:
            sign_in(client_id, secret)
        messages.add(refused.value.message)
    assert len(messages) == 1


def test_tokens_of_a_revoked_service_end_at_once() -> None:
    made = a_service()
    principal = sign_in(made.client_id, made.client_secret)
    for _ in range(2):
        assert revoke_service(made.client_id).revoked_at is not None
    with pytest.raises(Unauthenticated):
        admit(principal)


def test_unknown_service_is_not_revoked() -> None:
    with pytest.raises(ServiceNotFound):
        revoke_service(new_id())


def test_guesses_delay_guesses_of_this_network_and_no_service() -> None:
    made = a_service()
    with called_from("203.0.113.7"):
        for _ in range(21):
            with pytest.raises(WrongServiceCredentials):
                sign_in(made.client_id, "guess")
        with pytest.raises(RateLimited):
            sign_in(made.client_id, "guess")
        assert sign_in(made.client_id, made.client_secret)
    with called_from("203.0.113.8"), pytest.raises(WrongServiceCredentials):
        sign_in(made.client_id, "guess")


def test_sign_ins_of_a_service_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    few = limits.Limit("service-sessions", 2, 60)
    monkeypatch.setattr(service_sessions, "SESSIONS_OF_SERVICE", few)
    made = a_service()
    for _ in range(2):
        sign_in(made.client_id, made.client_secret)
    with pytest.raises(RateLimited):
        sign_in(made.client_id, made.client_secret)


def test_services_are_created_listed_and_revoked_by_invocation() -> None:
    handlers = [
        importlib.import_module(f"users.{name}").handler
        for name in ("create_service", "get_services", "revoke_service")
    ]
    create, listing, revoke = handlers
    made = create({"name": "Shop"}, CONTEXT)
    assert set(made) == {"client_id", "client_secret"}
    assert [each["name"] for each in listing({}, CONTEXT)] == ["Shop"]
    assert revoke({"client_id": made["client_id"]}, CONTEXT)["revoked_at"]
    assert made["client_secret"] not in str(listing({}, CONTEXT))
