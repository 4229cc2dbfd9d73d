"""Writes what follows from the typed events and the topology.

That is: JSON Schemas, the AsyncAPI document, docs/events.md, and the names of the queues.

`make contracts` runs it; a test fails when the files differ from what it would write.
"""

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from tidings.platform.messaging.events import EVENT_CLASSES, Event

ROOT: Final = Path(__file__).resolve().parent.parent
LAYER: Final = ROOT / "layers/tidings/tidings"
QUEUE_NAMES: Final = LAYER / "platform/messaging/queue_names.py"
RELEASED: Final = ROOT / "events/released"
# ruff puts the items of a longer one on lines of their own.
LONGEST_TUPLE: Final = 75
VERSION: Final = re.compile(r"\d+\.\d+\.\d+")
JSON_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"


def event_classes() -> dict[str, type[Event]]:
    """Return every event class by its type, in alphabetical order."""
    for path in LAYER.glob("*/events.py"):
        importlib.import_module(f"tidings.{path.parent.name}.events")
    return dict(sorted(EVENT_CLASSES.items()))


def generated_files() -> dict[Path, str]:
    """Return the content of every generated file by its path."""
    classes = event_classes()
    files = {
        ROOT / f"events/schemas/{name}.json": _json(schema_of(event_class))
        for name, event_class in classes.items()
    }
    files[ROOT / "events/asyncapi.yaml"] = _yaml(_asyncapi(classes))
    files[ROOT / "docs/events.md"] = _page(classes)
    files[QUEUE_NAMES] = queue_names()
    return files


def schema_of(event_class: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema of an event's JSON."""
    return {"$schema": JSON_SCHEMA} | event_class.model_json_schema(mode="validation")


def topology() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "infra/rabbitmq/topology.yaml").read_text())
    return content


def queue_names() -> str:
    """Return a module with the names of the topology's queues, for deployed functions."""
    from infra.contracts.template import queues_by_domain

    delays = tuple(topology()["retry_delays_seconds"])
    lines = [
        '"""The names in infra/rabbitmq/topology.yaml; `make contracts` writes this file."""',
        "",
        "from typing import Final",
        "",
        "QUEUES: Final = (",
        *(f'    "{queue}",' for queue in topology()["queues"]),
        ")",
        "# The queues that the functions of each domain consume, by template.yaml.",
        "CONSUMED_BY: Final[dict[str, tuple[str, ...]]] = {",
        *(f'    "{domain}": {_tuple(queues)},' for domain, queues in queues_by_domain().items()),
        "}",
        "# The n-th failed attempt waits for the n-th delay.",
        f"RETRY_DELAYS_SECONDS: Final = {delays}",
    ]
    return "\n".join(lines) + "\n"


def _tuple(names: list[str]) -> str:
    items = ", ".join(f'"{name}"' for name in names)
    if len(items) > LONGEST_TUPLE:
        return "(" + "".join(f'\n        "{name}",' for name in names) + "\n    )"
    return f"({items},)" if len(names) == 1 else f"({items})"


def bindings() -> dict[str, list[str]]:
    """Return the queues that get each type of event, by infra/rabbitmq/topology.yaml."""
    bound = topology()["queues"]
    return {
        name: queues for name, each in event_classes().items() if (queues := _takers(each, bound))
    }


def _takers(event_class: type[Event], queues: dict[str, dict[str, list[str]]]) -> list[str]:
    keys = set(event_class.routing_keys())
    return [
        queue for queue, bound in queues.items() if keys & set(bound.get(event_class.EXCHANGE, []))
    ]


def _asyncapi(classes: dict[str, type[Event]]) -> dict[str, Any]:
    queues = bindings()
    messages = {name: _message(name, event_class) for name, event_class in classes.items()}
    channels = {
        queue: _channel(queue, queues) for queue in sorted({q for v in queues.values() for q in v})
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tidings events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in RabbitMQ: events over the topic exchange "
            "`user-events`, commands over the direct exchange `notifications.direct`.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": {
            f"consume-{queue}": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{queue}"},
            }
            for queue in channels
        },
        "components": {"messages": messages},
    }


def _message(name: str, event_class: type[Event]) -> dict[str, Any]:
    return {
        "name": name,
        "summary": _summary(event_class),
        "contentType": "application/cloudevents+json",
        "payload": {"$ref": f"schemas/{name}.json"},
    }


def _channel(queue: str, queues: dict[str, list[str]]) -> dict[str, Any]:
    taken = sorted(name for name, takers in queues.items() if queue in takers)
    return {
        "address": queue,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in taken},
        "bindings": {"amqp": {"is": "queue", "queue": {"name": queue, "durable": True}}},
    }


def _page(classes: dict[str, type[Event]]) -> str:
    queues = bindings()
    rows = [_row(name, each, queues.get(name, [])) for name, each in classes.items()]
    head = [
        "# Events",
        "",
        "`make contracts` generates this page from the event classes, the consumers and",
        "`infra/rabbitmq/topology.yaml`. Each name links to the JSON Schema. If the meaning is an",
        "imperative, the message is a command for the consumers of the queues.",
        "",
        "| event or command | source | queues | meaning | sample |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, "", *_consumer_lines(classes)]) + "\n"


def _consumer_lines(classes: dict[str, type[Event]]) -> list[str]:
    """Return the section with one row for each event and consumer."""
    from infra.contracts.template import consumers

    found = consumers()
    rows = [
        f"| `{name}` | {', '.join(f'`{queue}`' for queue in each.queues)} "
        f"| {_file_link(each.module)} | {each.effect_of(name)} |"
        for name in classes
        for each in found
        if name in each.event_types
    ]
    return [
        "## Consumers",
        "",
        "template.yaml has the queues of a function, `@consumer` its events, and its docstring",
        "the effects. Tests fail if the topology does not bind exactly these events to the queue.",
        "",
        "| event or command | queue | function | effect |",
        "|---|---|---|---|",
        *rows,
    ]


def _file_link(module: str) -> str:
    file = f"functions/{module.replace('.', '/')}.py"
    return f"[`{module}`](../{file})"


def _row(name: str, event_class: type[Event], queues: list[str]) -> str:
    cells = [
        f"[`{name}`](../events/schemas/{name}.json)",
        event_class.model_fields["source"].default,
        ", ".join(f"`{queue}`" for queue in queues),
        _summary(event_class),
        f"[sample](../events/samples/{name}.json)",
    ]
    return f"| {' | '.join(cells)} |"


def _summary(event_class: type[Event]) -> str:
    return " ".join((event_class.__doc__ or "").split())


def _json(content: Any) -> str:
    return json.dumps(content, indent=2) + "\n"


def _yaml(content: Any) -> str:
    return str(yaml.safe_dump(content, sort_keys=False, width=100))


def released_files(version: str) -> dict[Path, str]:
    """Return today's samples in the form of a release."""
    return {
        RELEASED / version / path.name: path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "events/samples").glob("*.json"))
    }


def freeze(version: str) -> None:
    """Store today's samples for ever: every later consumer has to handle them.

    Raises:
        SystemExit: the version is none, or was released with other samples.
    """
    if not VERSION.fullmatch(version):
        raise SystemExit("VERSION=<major>.<minor>.<patch> is needed")
    files = released_files(version)
    if any(path.exists() and path.read_text() != text for path, text in files.items()):
        raise SystemExit(f"{version} is released already; released samples do not change")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"froze {len(files)} samples as {version}\n")


def main() -> None:
    if len(sys.argv) > 1:
        freeze(sys.argv[1])
        return
    for path, content in generated_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    sys.stdout.write(f"wrote {len(generated_files())} files\n")


if __name__ == "__main__":
    # For a program started as a file, Python searches modules in this folder, not in the project's.
    sys.path[:0] = [str(ROOT), str(ROOT / "functions")]
    main()
