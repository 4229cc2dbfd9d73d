"""Consumer of the queue `erasure`: who deleted their account is forgotten."""

from tidings.operations.erasure import erase
from tidings.platform.consumer import consumer
from tidings.users.events import UserDeleted


@consumer(UserDeleted)
def handler(event: UserDeleted) -> None:
    erase(event)
