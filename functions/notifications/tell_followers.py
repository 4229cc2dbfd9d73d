"""Consumer of the queue `followers`: a product's followers hear of it, chunk by chunk."""

from tidings.notifications.events import TellFollowers
from tidings.notifications.following import tell_followers
from tidings.platform.consumer import consumer


@consumer(TellFollowers)
def handler(command: TellFollowers) -> None:
    tell_followers(command)
