"""Publish to RabbitMQ over one connection per environment, with pipelined confirms.

A hundred messages cost about one round trip: the publisher writes all, then waits for all confirms.
pika's BlockingConnection waits for each confirm in turn, so this uses SelectConnection and runs its
loop only while it waits for something. Lambda freezes the process between two invocations; the next
publish replaces a connection that was lost meanwhile.
"""

import time
from collections.abc import Callable, Sequence
from copy import copy
from functools import cache
from typing import Any, Final, NamedTuple

from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from pika.connection import URLParameters
from pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ProbableAuthenticationError,
    ShortStringTooLong,
    UnsupportedAMQPFieldException,
)
from pika.frame import Method
from pika.spec import Basic, BasicProperties

from tidings.platform.errors import Unavailable
from tidings.platform.logging import logger
from tidings.platform.messaging.connection_loop import run
from tidings.platform.messaging.history import (
    EXCHANGE_HEADER,
    HISTORY_HEADER,
    ROUTING_KEY_HEADER,
    decoded,
    encoded,
    failed_attempt,
)
from tidings.platform.secrets import Url, amqp_url

DOMAIN_EVENTS: Final = "user-events"
COMMANDS: Final = "notifications.direct"
DEAD_LETTERS: Final = "dead-letter-exchange"
# An unroutable message of these exchanges becomes a dead letter. Senders to other exchanges keep
# their own unroutable messages.
PARKED: Final = frozenset({DOMAIN_EVENTS, COMMANDS})

CONNECT_SECONDS: Final = 2.0
CONFIRM_SECONDS: Final = 3.0
# After a failure, calls fail at once for this long. Otherwise each request would wait two seconds
# for a broker that is down.
REST_SECONDS: Final = 5.0
# The broker closes the connection of a frozen or dead environment after two of these.
HEARTBEAT_SECONDS: Final = 300
# The broker refused the user or the password.
REFUSALS: Final = (AuthenticationError, ProbableAuthenticationError)
# pika raises these before it writes any byte of a message that AMQP cannot encode.
UNWRITABLE: Final = (ShortStringTooLong, UnsupportedAMQPFieldException, ValueError)


class Message(NamedTuple):
    """A message, its exchange and its routing key."""

    exchange: str
    routing_key: str
    body: bytes
    properties: BasicProperties


class BrokerUnavailable(Unavailable):
    """RabbitMQ is unreachable, or did not confirm in time."""


class Unroutable(Exception):
    """No queue is bound for a message's exchange and routing key."""


class Publisher:
    """Publishes with confirms and mandatory routing. Not thread-safe."""

    def __init__(self, url: Url) -> None:
        """Take the function that returns the broker's URL; it is asked before each use."""
        self._url = url
        self._connected_to: str | None = None
        self._was_refused = False
        self._connection: SelectConnection | None = None
        self._channel: Channel | None = None
        self._last_tag = 0
        self._awaited: dict[int, Message] = {}
        self._taken: set[int] = set()
        self._unroutable: set[str] = set()
        self._resting_until = 0.0

    def publish(self, messages: Sequence[Message]) -> list[Message]:
        """Publish all messages and wait for the broker's confirms.

        Returns:
            The messages that the broker accepted. An unroutable event or command is logged as an
            error and stored with the failed messages: it is not lost and does not stay in its
            outbox.

        Raises:
            BrokerUnavailable: nothing could be published.
        """
        if not messages:
            return []
        channel = self._open_channel()
        refused = {id(message) for message in self._send(channel, messages)}
        refused -= self._park(channel, [each for each in messages if self._nobody_takes(each)])
        return [message for message in messages if id(message) not in refused]

    def look_at(self, queues: Sequence[str]) -> dict[str, tuple[int, int] | None]:
        """Return for each queue the number of waiting messages and of consumers.

        The value is None for a queue that does not exist.

        Raises:
            BrokerUnavailable: RabbitMQ did not answer.
        """
        found: dict[str, tuple[int, int] | None] = {}
        for queue in queues:  # one by one: asking for a missing queue closes the channel
            channel = self._open_channel()

            def note(frame: Method) -> None:
                found[frame.method.queue] = (
                    frame.method.message_count,
                    frame.method.consumer_count,
                )

            channel.queue_declare(queue, passive=True, callback=note)
            self._run_until(
                lambda name=queue, on=channel: name in found or not on.is_open,  # type: ignore[misc]
                CONNECT_SECONDS,
            )
            if queue not in found:
                if channel.is_open or self._is_closed():
                    self._give_up("RabbitMQ did not answer.")
                found[queue] = None
        return found

    def ping(self) -> None:
        """Open a channel if there is none, and make one round trip to the broker.

        Raises:
            BrokerUnavailable: RabbitMQ did not answer.
        """
        channel, answered = self._open_channel(), False

        def note(_: Method) -> None:
            nonlocal answered
            answered = True

        channel.exchange_declare(DOMAIN_EVENTS, passive=True, callback=note)
        self._run_until(lambda: answered or not channel.is_open, CONNECT_SECONDS)
        if not answered:
            self._give_up("RabbitMQ did not answer.")

    def close(self) -> None:
        """Close the connection; the next publish opens a new one."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is None:
            return
        if connection.is_open:
            connection.close()
            run(connection, lambda: bool(connection.is_closed), seconds=0.5)
        connection.ioloop.close()

    def _send(self, channel: Channel, messages: Sequence[Message]) -> list[Message]:
        """Write all messages, wait for their confirms, and return those that were not accepted."""
        self._awaited, self._taken, self._unroutable = {}, set(), set()
        try:
            for message in messages:
                self._write(channel, message)
            self._run_until(lambda: not self._awaited or not channel.is_open, CONFIRM_SECONDS)
        except AMQPError as error:
            logger.warning("publishing to RabbitMQ interrupted", reason=repr(error))
        if self._awaited and channel.is_open:
            # The broker hangs, or accepts nothing (a full disk). The next callers must not wait for
            # it.
            self._resting_until = time.monotonic() + REST_SECONDS
        if self._awaited:
            self.close()
        # Only confirmed messages count as accepted.
        return [each for each in messages if not self._is_taken(each)]

    def _write(self, channel: Channel, message: Message) -> None:
        """Write a message. Skip a message that cannot be encoded, so that the others go on."""
        try:
            channel.basic_publish(*message[:3], properties=message.properties, mandatory=True)
        except UNWRITABLE as error:
            reason = type(error).__name__  # the error's text may quote personal data
            logger.error(
                "message not published: not encodable", exchange=message.exchange, reason=reason
            )
            return
        self._last_tag += 1
        self._awaited[self._last_tag] = message

    def _is_taken(self, message: Message) -> bool:
        unroutable = message.properties.message_id in self._unroutable
        return id(message) in self._taken and not unroutable

    def _nobody_takes(self, message: Message) -> bool:
        return message.exchange in PARKED and message.properties.message_id in self._unroutable

    def _park(self, channel: Channel, messages: Sequence[Message]) -> set[int]:
        """Publish unroutable messages as dead letters; return the ids of the accepted ones."""
        if not messages or not channel.is_open:
            return set()
        parked = [_dead_letter_of(message) for message in messages]
        refused = {id(each) for each in self._send(channel, parked)}
        pairs = zip(messages, parked, strict=True)
        return {id(message) for message, dead in pairs if id(dead) not in refused}

    def _open_channel(self) -> Channel:
        url = self._url()
        if self._connection is not None:
            # The loop must process a close that arrived while the process was frozen.
            self._run_until(lambda: True, 0)
        if url == self._connected_to and self._channel is not None and self._channel.is_open:
            return self._channel
        self.close()
        if url == self._connected_to and time.monotonic() < self._resting_until:
            raise BrokerUnavailable("RabbitMQ was unreachable a moment ago.")
        self._connect(url)
        if self._was_refused and (present := self._url(refused=True)) != url:
            self.close()
            self._connect(present)
        if self._channel is None:
            self._give_up("RabbitMQ is unreachable.")
        assert self._channel is not None
        return self._channel

    def _connect(self, url: str) -> None:
        self._connected_to, self._was_refused = url, False
        self._connection = SelectConnection(
            _parameters(url),
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._opened),
            on_open_error_callback=self._note_refusal,
            on_close_callback=self._log_close,
        )
        self._run_until(lambda: self._channel is not None or self._is_closed(), CONNECT_SECONDS)

    def _note_refusal(self, connection: SelectConnection, reason: Exception | None) -> None:
        self._was_refused = isinstance(reason, REFUSALS)
        self._log_close(connection, reason)

    def _opened(self, channel: Channel) -> None:
        def ready(_: Method) -> None:
            self._channel, self._last_tag = channel, 0

        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._confirmed, callback=ready)

    def _confirmed(self, frame: Method) -> None:
        tag = frame.method.delivery_tag
        tags = [t for t in self._awaited if t <= tag] if frame.method.multiple else [tag]
        for each in tags:
            message = self._awaited.pop(each, None)
            if message and not isinstance(frame.method, Basic.Nack):
                self._taken.add(id(message))

    def _returned(self, _: Channel, method: Any, properties: Any, __: bytes) -> None:
        logger.error(
            "message unroutable: no queue is bound for it",
            exchange=method.exchange,
            routing_key=method.routing_key,
            message_id=properties.message_id,
        )
        self._unroutable.add(properties.message_id)

    def _give_up(self, reason: str) -> None:
        self.close()
        self._resting_until = time.monotonic() + REST_SECONDS
        raise BrokerUnavailable(reason)

    def _is_closed(self) -> bool:
        return self._connection is None or bool(self._connection.is_closed)

    def _log_close(self, _: SelectConnection, reason: Exception | None) -> None:
        logger.info("connection to RabbitMQ closed", reason=repr(reason))

    def _run_until(self, done: Callable[[], bool], seconds: float) -> None:
        if self._connection is not None:
            run(self._connection, done, seconds)


def _parameters(url: str) -> URLParameters:
    parameters = URLParameters(url)
    parameters.heartbeat = HEARTBEAT_SECONDS
    parameters.socket_timeout = CONNECT_SECONDS
    parameters.stack_timeout = CONNECT_SECONDS
    parameters.connection_attempts = 1
    return parameters


def _dead_letter_of(message: Message) -> Message:
    attempt = failed_attempt(Unroutable(f"no queue is bound for {message.routing_key}"))
    properties = copy(message.properties)
    before = properties.headers or {}
    headers = {
        EXCHANGE_HEADER: message.exchange,
        ROUTING_KEY_HEADER: message.routing_key,
        HISTORY_HEADER: encoded([*decoded(before.get(HISTORY_HEADER)), attempt]),
    }
    properties.headers = before | headers
    return Message(DEAD_LETTERS, "", message.body, properties)


@cache
def publisher() -> Publisher:
    """Return this environment's publisher; it connects at first use."""
    return Publisher(amqp_url)
