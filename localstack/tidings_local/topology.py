"""Declare exchanges, queues and bindings on a broker: `python -m tidings_local.topology`.

Queues are quorum queues that dead-letter at least once. RabbitMQ does that only with `x-overflow:
reject-publish` and, up to 3.12, the feature flag `stream_queue` (enabled on every node that was not
upgraded from before 3.9); otherwise it dead-letters at most once.

A batch whose function fails returns to its queue, without limit: MongoDB may be away for hours.
RabbitMQ 4 dead-letters a message that returned 20 times, unless its queue says otherwise.
RabbitMQ 3 has no limit; with the same argument it drops a message at its first return.
"""

import argparse
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pika
import yaml
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, ChannelClosedByBroker
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from tidings_local.bridge.settings import BrokerSettings, connection_parameters
from tidings_local.service.settings import describe

DEFAULT_FILE = Path(__file__).parents[2] / "infra" / "rabbitmq" / "topology.yaml"
DEAD_LETTER_EXCHANGE = "dead-letter-exchange"
UNREADABLE_EXCHANGE = "unreadable-exchange"
RETRY_PREFIX = "retry."

Name = Annotated[str, Field(min_length=1, max_length=255)]
ExchangeType = Literal["topic", "direct", "fanout", "headers"]
Delay = Annotated[int, Field(gt=0, le=86_400)]


class TopologyError(Exception):
    """The topology cannot be read or declared; the text contains the part and the reason."""


class Topology(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    exchanges: dict[Name, ExchangeType]
    queues: dict[Name, dict[str, list[str]]]
    retry_delays_seconds: list[Delay] = []

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        problems = [*self._unknown_exchanges(), *self._reserved_names()]
        problems += [
            f"no queue is bound to {exchange}: dead letters are lost"
            for exchange in (DEAD_LETTER_EXCHANGE, UNREADABLE_EXCHANGE)
            if not any(exchange in bindings for bindings in self.queues.values())
        ]
        if len(set(self.retry_delays_seconds)) < len(self.retry_delays_seconds):
            problems.append("retry_delays_seconds: a delay is repeated")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _unknown_exchanges(self) -> list[str]:
        return [
            f"queues.{queue}: unknown exchange {exchange!r}"
            for queue, bindings in self.queues.items()
            for exchange in bindings
            if exchange not in self.exchanges
        ]

    def _reserved_names(self) -> list[str]:
        return [
            f"{name}: names that begin with {RETRY_PREFIX!r} are made from retry_delays_seconds"
            for name in (*self.exchanges, *self.queues)
            if name.startswith(RETRY_PREFIX)
        ]

    def summary(self) -> str:
        bindings = sum(len(keys) for queue in self.queues.values() for keys in queue.values())
        return (
            f"{len(self.exchanges)} exchanges, {len(self.queues)} queues, {bindings} bindings, "
            f"{len(self.retry_delays_seconds)} retry delays"
        )


def load(path: Path = DEFAULT_FILE) -> Topology:
    """Read the file. Raises TopologyError with every mistake and its place."""
    try:
        return Topology.model_validate(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError) as error:
        raise TopologyError(f"{path}: {error}") from error
    except ValidationError as error:
        found = "; ".join(_problem(item["loc"], item["msg"]) for item in error.errors())
        raise TopologyError(f"{path}: {found}") from error


def declare(
    connection: pika.BlockingConnection, topology: Topology, version: str | None = None
) -> list[str]:
    """Declare everything; can be repeated.

    Args:
        version: that of the broker, which tells it itself.

    Returns:
        The queues that keep RabbitMQ 4's limit of returns, because an older version made them.

    Raises:
        TopologyError: something exists with other arguments.
    """
    channel = connection.channel()
    unlimited = unlimited_returns(version or _version(connection))
    limited: list[str] = []

    def declare_queue(name: str, arguments: dict[str, Any]) -> None:
        if unlimited and not _accepts(connection, name, arguments | unlimited):
            limited.append(name)
        if name in limited or not unlimited:
            _declare_queue(channel, name, arguments)

    for exchange, kind in topology.exchanges.items():
        _declare_exchange(channel, exchange, kind)
    for queue, bindings in topology.queues.items():
        declare_queue(queue, queue_arguments(bindings))
        for exchange, routing_keys in bindings.items():
            for routing_key in routing_keys:
                channel.queue_bind(queue, exchange, routing_key)
    for delay in topology.retry_delays_seconds:
        name = retry_name(delay)
        _declare_exchange(channel, name, "fanout")
        declare_queue(name, retry_arguments(delay))
        channel.queue_bind(name, name)
    channel.close()
    return limited


def unlimited_returns(version: str) -> dict[str, Any]:
    """Return the argument with which a queue of this RabbitMQ keeps messages that return often."""
    return {"x-delivery-limit": -1} if int(version.partition(".")[0]) >= 4 else {}


def _version(connection: pika.BlockingConnection) -> str:
    # pika shows the broker's properties only on the connection inside of a blocking one.
    return str(connection._impl.server_properties["version"])


def _accepts(connection: pika.BlockingConnection, name: str, arguments: dict[str, Any]) -> bool:
    """Declare a queue; return False if it exists without a limit of its own."""
    channel = connection.channel()
    try:
        channel.queue_declare(name, durable=True, arguments=arguments)
    except ChannelClosedByBroker as error:
        if "x-delivery-limit" in error.reply_text:
            return False
        raise _conflict("queue", name, error) from error
    channel.close()
    return True


def retry_name(delay_seconds: int) -> str:
    """Return the exchange to publish to, with the routing key of the queue to return to."""
    return f"{RETRY_PREFIX}{delay_seconds}s"


def queue_arguments(bindings: dict[str, list[str]]) -> dict[str, Any]:
    if UNREADABLE_EXCHANGE in bindings:
        return {"x-queue-type": "quorum"}  # the last queue
    if DEAD_LETTER_EXCHANGE in bindings:
        return _dead_lettering_to(UNREADABLE_EXCHANGE)
    return _dead_lettering_to(DEAD_LETTER_EXCHANGE)


def retry_arguments(delay_seconds: int) -> dict[str, Any]:
    # Without a dead-letter routing key the message keeps its own, which the default exchange takes
    # for a queue's name: so it returns to its queue.
    return _dead_lettering_to("") | {"x-message-ttl": delay_seconds * 1000}


def _dead_lettering_to(exchange: str) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": exchange,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _declare_exchange(channel: BlockingChannel, name: str, kind: str) -> None:
    try:
        channel.exchange_declare(name, kind, durable=True)
    except ChannelClosedByBroker as error:
        raise _conflict("exchange", name, error) from error


def _declare_queue(channel: BlockingChannel, name: str, arguments: dict[str, Any]) -> None:
    try:
        channel.queue_declare(name, durable=True, arguments=arguments)
    except ChannelClosedByBroker as error:
        raise _conflict("queue", name, error) from error


def _conflict(kind: str, name: str, error: ChannelClosedByBroker) -> TopologyError:
    hint = "if it is empty, delete it (RabbitMQ's management) and declare again"
    return TopologyError(f"{kind} {name!r} cannot be declared: {error.reply_text}; {hint}")


def _problem(location: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in location)
    text = message.removeprefix("Value error, ")
    return f"{where}: {text}" if where else text


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tidings_local.topology", description=__doc__)
    parser.add_argument("--url", help="amqp://user:password@host:port/vhost (or TIDINGS_AMQP_URL)")
    parser.add_argument("--file", type=Path, default=DEFAULT_FILE)
    options = parser.parse_args(arguments)
    try:
        print(_declare_file(options.file, options.url))  # noqa: T201 - the command's output
    except TopologyError as error:
        print(f"topology: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _declare_file(path: Path, url: str | None) -> str:
    topology = load(path)
    try:
        given = {} if url is None else {"amqp_url": SecretStr(url)}
        settings = BrokerSettings.read(**given)
    except ValidationError as error:
        raise TopologyError(describe(error)) from error
    parameters = connection_parameters(settings.amqp_url, "tidings-topology")
    where = f"{parameters.host}:{parameters.port}, virtual host {parameters.virtual_host}"
    try:
        with pika.BlockingConnection(parameters) as connection:
            limited = declare(connection, topology)
    except AMQPError as error:
        raise TopologyError(f"broker at {where}: {error!r}") from error
    return f"declared on {where}: {topology.summary()}{_advice(limited)}"


def _advice(limited: list[str]) -> str:
    if not limited:
        return ""
    return (
        f"\nAn older RabbitMQ made {', '.join(limited)}: a message that returns 20 times becomes a "
        "dead letter. Set a policy for quorum queues: delivery-limit: -1 (docs/bridge.md)."
    )


if __name__ == "__main__":
    sys.exit(main())
