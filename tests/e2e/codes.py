"""Read one-time codes from copies of the published events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pika
from pika.adapters.blocking_connection import BlockingChannel

from tests.e2e.shop import PASSWORD, Shop
from tests.settings import stack_under_test
from tests.waiting import eventually

EXCHANGE = "user-events"


class Codes:
    """A separate queue with a copy of each event of one type."""

    def __init__(self, channel: BlockingChannel, queue: str, field: str) -> None:
        self._channel, self._queue, self._field = channel, queue, field
        self._seen: dict[str, str] = {}

    def of(self, user_id: str) -> str:
        """Wait for the newest code for a person, and return it."""
        return str(eventually(lambda: self._take(user_id), what=f"{self._field} of {user_id}"))

    def _take(self, user_id: str) -> str | None:
        while True:
            method, _, body = self._channel.basic_get(self._queue, auto_ack=True)
            if method is None:
                return self._seen.pop(user_id, None)
            data = json.loads(body)["data"]
            self._seen[data["user_id"]] = data[self._field]


def verify(shop: Shop, email: str, user_id: str | None) -> None:
    """Verify a person's address with a newly requested code."""
    assert user_id
    with codes_in("user.verification_requested", "verification_code") as codes:
        assert shop.rest("POST", "/verify-email/resend", {"email": email}).status_code == 200
        proof = {"email": email, "code": codes.of(user_id), "password": PASSWORD}
        assert shop.rest("POST", "/verify-email", proof).status_code == 200


@contextmanager
def codes_in(event_type: str, field: str) -> Iterator[Codes]:
    """Copy the events of this type from now on."""
    connection = pika.BlockingConnection(pika.URLParameters(stack_under_test().amqp_url))
    try:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, EXCHANGE, event_type)
        yield Codes(channel, queue, field)
    finally:
        connection.close()
