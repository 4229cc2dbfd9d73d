"""`make new-consumer`: a function that consumes a queue of its own, and a failing test."""

import base64
import json
import re
from typing import Final

import yaml
from generate import event_classes

from infra.scaffold.changes import Changes, Refused
from infra.scaffold.project import LAYER, add_function, camel, domain_named, new_name, words
from tidings.platform.messaging.events import Event

TOPOLOGY: Final = "infra/rabbitmq/topology.yaml"
# The queues that follow all others.
LAST: Final = "failed-messages"
QUEUE: Final = re.compile(r"[a-z][a-z0-9._-]{0,62}")


def plan_consumer(changes: Changes, *, domain: str, name: str, queue: str, event: str) -> list[str]:
    """Plan the files of a consumer; return the remaining manual steps.

    Raises:
        Refused: an argument is not usable, or a name is taken.
    """
    domain, name = domain_named(changes, domain), new_name(changes, name)
    if not QUEUE.fullmatch(queue):
        raise Refused(f"QUEUE={queue} is not usable: small letters, digits and ._- only")
    if queue in yaml.safe_load(changes.read(TOPOLOGY))["queues"]:
        raise Refused(f"QUEUE={queue} exists already in {TOPOLOGY}: a queue has one consumer")
    classes = event_classes()
    if event not in classes:
        raise Refused(f"EVENT={event} does not exist: choose one of {', '.join(classes)}")
    kind = classes[event]
    taken, value = _taken_from(kind)
    changes.create(
        f"functions/{domain}/{name}.py", _function_file(domain, name, queue, kind, value)
    )
    changes.create(f"{LAYER}/{domain}/{name}.py", _domain_module(name, taken))
    add_function(changes, domain, "MQ", lambda rights: _template_entry(domain, name, queue, rights))
    _add_queue(changes, queue, kind)
    changes.create(f"events/lambda/{name}.json", _sample(changes, queue, kind))
    test = f"tests/integration/{domain}/test_{name}.py"
    changes.create(test, _test_file(domain, name))
    return [f"{LAYER}/{domain}/{name}.py: write {name}", f"{test}: its tests"]


def _taken_from(kind: type[Event]) -> tuple[str, str]:
    """Return the name of the domain function's argument, and where it is in the event."""
    data = kind.model_fields["data"].annotation
    assert data is not None
    ids = [each for each, field in data.model_fields.items() if each.endswith("_id")]
    return (ids[0], f"event.data.{ids[0]}") if ids else ("subject", "event.subject")


def _function_file(domain: str, name: str, queue: str, kind: type[Event], value: str) -> str:
    return f'''"""Consumer of the queue `{queue}`: {words(name)}."""

from {kind.__module__} import {kind.__name__}
from tidings.{domain}.{name} import {name}
from tidings.platform.entry.consumer import consumer


@consumer({kind.__name__})
def handler(event: {kind.__name__}) -> None:
    {name}({value})
'''


def _domain_module(name: str, taken: str) -> str:
    return f'''"""{words(name).capitalize()}."""


def {name}({taken}: str) -> None:
    """{words(name).capitalize()}. A message can come twice: the second one must change nothing."""
    raise NotImplementedError("write what {name} does")
'''


def _template_entry(domain: str, name: str, queue: str, rights: str) -> str:
    return f"""{camel(name)}:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${{AWS::StackName}}-{name.replace("_", "-")}
      CodeUri: functions/{domain}/
      Handler: {name}.handler
      Timeout: 60
{rights}      Events:
        Queue:
          Type: MQ
          Properties:
            Broker: !Ref BrokerArn
            Enabled: !If [PollsBroker, !Ref AWS::NoValue, false]
            Queues: [{queue}]
            BatchSize: 10
            MaximumBatchingWindowInSeconds: 0
            SourceAccessConfigurations: *BrokerAccess
"""


def _add_queue(changes: Changes, queue: str, kind: type[Event]) -> None:
    keys = ", ".join(kind.routing_keys())
    bound = f"  {queue}:\n    {kind.EXCHANGE}: [{keys}]\n"
    before, found, after = changes.read(TOPOLOGY).partition(f"  {LAST}:\n")
    if not found:
        raise Refused(f"{TOPOLOGY} has no queue {LAST}, before which the new one is written")
    changes.edit(TOPOLOGY, before + bound + found + after)


def _sample(changes: Changes, queue: str, kind: type[Event]) -> str:
    """Return the event by which Amazon MQ calls the function."""
    event = json.loads(changes.read(f"events/samples/{kind.event_type()}.json"))
    body = json.dumps(event, separators=(",", ":")).encode()
    properties = {
        "contentType": "application/cloudevents+json",
        "contentEncoding": None,
        "headers": {},
        "deliveryMode": 2,
        "priority": None,
        "correlationId": event.get("correlationid"),
        "replyTo": None,
        "expiration": None,
        "messageId": event["id"],
        "timestamp": "Nov 21, 2026, 9:00:01 AM",
        "type": event["type"],
        "userId": None,
        "appId": None,
        "clusterId": None,
        "bodySize": len(body),
    }
    message = {
        "basicProperties": properties,
        "redelivered": False,
        "data": base64.b64encode(body).decode(),
    }
    sample = {
        "eventSource": "aws:rmq",
        "eventSourceArn": "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-local",
        "rmqMessagesByQueue": {f"{queue}::/": [message]},
    }
    return json.dumps(sample, indent=2) + "\n"


def _test_file(domain: str, name: str) -> str:
    return f'''"""{words(name).capitalize()}."""

import pytest

from tidings.{domain}.{name} import {name}
from tidings.platform.timing.clock import new_id


def test_{name}() -> None:
    {name}(new_id())
    pytest.fail("write what {name} changes")
'''
