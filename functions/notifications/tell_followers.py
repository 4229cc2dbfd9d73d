"""Consumer of the queue `followers`: notifies a product's followers, chunk by chunk."""

from tidings.notifications.events import TellFollowers
from tidings.notifications.telling import tell_followers
from tidings.platform.entry.consumer import consumer


@consumer(TellFollowers)
def handler(command: TellFollowers) -> None:
    tell_followers(command)
