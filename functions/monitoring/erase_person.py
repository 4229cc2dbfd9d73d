"""Consumer of the queue `erasure`: erases people who deleted their account."""

from tidings.monitoring.erasure import erase
from tidings.platform.entry.consumer import consumer
from tidings.users.events import UserDeleted


@consumer(UserDeleted)
def handler(event: UserDeleted) -> None:
    erase(event)
