"""The whole API in this process, as people of each role see it."""

from dataclasses import dataclass, field

import mongoengine
import pytest
from pymongo import monitoring

from tests.integration.builders import an_address
from tests.integration.gateway.in_process import InProcessApi
from tidings.platform import database
from tidings.platform.auth import Principal, Role, issue_access_token
from tidings.platform.secrets import SigningKeys
from tidings.users.models import User
from tidings.users.schemas import CreateService
from tidings.users.services import create_service

NOT_COUNTED = {"hello", "ping", "endSessions", "createIndexes", "listCollections", "create"}


@dataclass
class CommandNotes(monitoring.CommandListener):
    """Notes the name of each database command."""

    names: list[str] = field(default_factory=list)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in NOT_COUNTED:
            self.names.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to note."""


@pytest.fixture(scope="session")
def noted_commands(services: None) -> list[str]:
    """Reconnect with a listener: pymongo takes listeners only when a client is made."""
    notes = CommandNotes()
    monitoring.register(notes)
    mongoengine.disconnect_all()
    database.connect.cache_clear()
    database.connect()
    return notes.names


@pytest.fixture
def commands(noted_commands: list[str]) -> list[str]:
    """The names of the database commands; clear it where counting starts."""
    noted_commands.clear()
    return noted_commands


def sign_in(*roles: Role) -> list[InProcessApi]:
    """Return the API as a new person of each role sees it."""
    users = [
        User(email=an_address(), name=role.value.title(), password_hash="none", role=role.value)
        for role in roles
    ]
    User.objects.insert(users, load_bulk=False)
    return [
        InProcessApi(issue_access_token(Principal(user_id=user.id, role=role)), user.id)
        for user, role in zip(users, roles, strict=True)
    ]


def sign_in_service() -> InProcessApi:
    """Return the API as a machine sees it."""
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
