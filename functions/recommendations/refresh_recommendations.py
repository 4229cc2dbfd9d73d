"""Consumer of the queue `recommendations.refresh`: computes the lists of a chunk of people.

It has a separate queue, so that the daily run does not delay current activities.
"""

from tidings.platform.entry.consumer import consumer
from tidings.recommendations.events import RefreshRecommendations
from tidings.recommendations.refresh import refresh_chunk


@consumer(RefreshRecommendations)
def handler(command: RefreshRecommendations) -> None:
    refresh_chunk(command.data)
