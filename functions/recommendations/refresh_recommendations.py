"""Consumer of the queue `recommendations.refresh`: the lists of a chunk of people.

A queue of its own, so that the daily flood never delays what people do now.
"""

from tidings.platform.consumer import consumer
from tidings.recommendations.events import RefreshRecommendations
from tidings.recommendations.refresh import refresh_chunk


@consumer(RefreshRecommendations)
def handler(command: RefreshRecommendations) -> None:
    refresh_chunk(command.data)
