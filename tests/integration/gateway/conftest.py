"""The functions in this process, on the real MongoDB and Redis; what is published is kept."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import mongoengine
import pytest
from pymongo import monitoring

from tests.integration.gateway.in_process import InProcessApi
from tests.unit.platform.builders import RecordingPublisher, signing_keys
from tidings.platform import auth, database, relay
from tidings.platform.auth import Principal, Role, issue_access_token
from tidings.users.models import User

NOT_COUNTED = {"hello", "ping", "endSessions", "createIndexes", "listCollections", "create"}


@dataclass
class CommandCounter(monitoring.CommandListener):
    """Notes the database commands while it is told to."""

    names: list[str] = field(default_factory=list)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in NOT_COUNTED:
            self.names.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to note."""


_counter = CommandCounter()


@pytest.fixture(scope="session")
def counted_database() -> CommandCounter:
    """A client that reports its commands: pymongo takes listeners only while it connects."""
    monitoring.register(_counter)
    mongoengine.disconnect_all()
    database.connect.cache_clear()
    database.connect()
    return _counter


@pytest.fixture
def commands(counted_database: CommandCounter) -> list[str]:
    """The names of the database commands from here on."""
    counted_database.names.clear()
    return counted_database.names


@pytest.fixture(scope="session", autouse=True)
def keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        fresh = signing_keys()
        patch.setattr(auth, "signing_keys", lambda: fresh)
        yield


@pytest.fixture(scope="session", autouse=True)
def published() -> Iterator[RecordingPublisher]:
    """No event leaves: the queues belong to the deployed functions and their databases."""
    with pytest.MonkeyPatch.context() as patch:
        publisher = RecordingPublisher()
        patch.setattr(relay, "publisher", lambda: publisher)
        yield publisher


def sign_in(role: Role, name: str = "Ada") -> InProcessApi:
    """Return the API as a new person of this role sees it."""
    user = User(
        email=f"{name.lower()}-{uuid4().hex}@example.com",
        name=name,
        password_hash="none",
        role=role.value,
    ).save()
    principal = Principal(user_id=user.id, role=role)
    return InProcessApi(issue_access_token(principal), user.id)


@pytest.fixture
def stranger(counted_database: CommandCounter) -> InProcessApi:
    return InProcessApi()


@pytest.fixture
def customer(counted_database: CommandCounter) -> InProcessApi:
    return sign_in(Role.CUSTOMER)


@pytest.fixture
def other_customer(counted_database: CommandCounter) -> InProcessApi:
    return sign_in(Role.CUSTOMER, "Mallory")


@pytest.fixture
def operator(counted_database: CommandCounter) -> InProcessApi:
    return sign_in(Role.OPERATOR, "Oskar")


@pytest.fixture
def admin(counted_database: CommandCounter) -> InProcessApi:
    return sign_in(Role.ADMIN, "Grace")
