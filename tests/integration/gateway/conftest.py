"""Fixtures of the whole API in this process, signed in with each role."""

import pytest

from tests.integration.builders import an_address, token_of
from tests.integration.gateway.in_process import InProcessApi
from tidings.platform.secrets import SigningKeys
from tidings.platform.security.auth import Principal, Role, issue_access_token
from tidings.platform.timing.clock import now
from tidings.users.models import User
from tidings.users.schemas import CreateService
from tidings.users.services import create_service


def sign_in(*roles: Role) -> list[InProcessApi]:
    """Return the API signed in as a new person with a role."""
    users = [
        User(
            email=an_address(),
            name=role.value.title(),
            password_hash="none",
            role=role.value,
            verified_at=now(),
        )
        for role in roles
    ]
    User.objects.insert(users, load_bulk=False)
    return [
        InProcessApi(token_of(Principal(user_id=user.id, role=role)), user.id)
        for user, role in zip(users, roles, strict=True)
    ]


def sign_in_service() -> InProcessApi:
    """Return the API with the credentials of a service."""
    made = create_service(CreateService(name="Shop"))
    principal = Principal(user_id=made.client_id, role=Role.SERVICE, session_id=made.client_id)
    return InProcessApi(issue_access_token(principal), made.client_id)


@pytest.fixture
def stranger() -> InProcessApi:
    return InProcessApi()


@pytest.fixture
def customer(keys: SigningKeys) -> InProcessApi:
    return sign_in(Role.CUSTOMER)[0]


@pytest.fixture
def other_customer(keys: SigningKeys) -> InProcessApi:
    return sign_in(Role.CUSTOMER)[0]


@pytest.fixture
def operator(keys: SigningKeys) -> InProcessApi:
    return sign_in(Role.OPERATOR)[0]


@pytest.fixture
def admin(keys: SigningKeys) -> InProcessApi:
    return sign_in(Role.ADMIN)[0]
