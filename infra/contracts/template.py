"""The routes and consumers that template.yaml declares, with their handlers."""

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
# A line of a consumer's docstring, such as `- order.placed: reserves the stock of the order`.
EFFECT: Final = re.compile(r"^- ([\w.]+): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Route:
    """A method and a path, and the function that handles them."""

    method: str
    path: str
    module: str

    @property
    def name(self) -> str:
        """The operation's name, such as `place_order`."""
        return self.module.rpartition(".")[2]

    @property
    def domain(self) -> str:
        return self.module.partition(".")[0]

    @property
    def handler(self) -> Any:
        return importlib.import_module(self.module).handler

    @property
    def summary(self) -> str:
        """The text after the route in the first line of the module's docstring."""
        first = (importlib.import_module(self.module).__doc__ or "").splitlines()[0]
        return first.partition(": ")[2].rstrip(".") or first

    @property
    def description(self) -> str:
        lines = (importlib.import_module(self.module).__doc__ or "").splitlines()[1:]
        return "\n".join(lines).strip()


@dataclass(frozen=True)
class Consumer:
    """The functions that share a handler of messages, and their queues."""

    module: str
    queues: tuple[str, ...]

    @property
    def event_types(self) -> set[str]:
        """The types of the events that it handles."""
        handler = importlib.import_module(self.module).handler
        return {each.event_type() for each in handler.event_types}

    @property
    def effects(self) -> dict[str, str]:
        """Its effects for single types of events: the list in the module's docstring."""
        return dict(EFFECT.findall(importlib.import_module(self.module).__doc__ or ""))

    def effect_of(self, event_type: str) -> str:
        """Return its effect for an event; by default the first line of the docstring."""
        first = (importlib.import_module(self.module).__doc__ or "").splitlines()[0]
        return self.effects.get(event_type, first.partition(": ")[2].rstrip("."))


@dataclass(frozen=True)
class Rule:
    """A rule with a schedule, its function, and the module of its job."""

    name: str
    function: str
    job: str
    schedule: str
    is_enabled: bool


class _Loader(yaml.CSafeLoader):
    """Reads CloudFormation's short forms as plain values."""


_Loader.add_multi_constructor("!", lambda loader, _tag, node: _plain(loader, node))


def _plain(loader: _Loader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


# It responds with text in Prometheus' format.
NOT_JSON: Final = "/metrics"
# Their functions answer many kinds of requests, by routes of their own.
NOT_REST: Final = frozenset({"gateway/", "functions/console/", "functions/shop/"})
# Its messages can be of any type.
DEAD_LETTER_QUEUE: Final = "failed-messages"


def rest_routes() -> list[Route]:
    """Return every JSON route except those of GraphQL and of pages, by path and method."""
    found = [
        Route(route["Method"], route["Path"], _module(function))
        for function in _functions()
        if function["CodeUri"] not in NOT_REST
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
        for route in [event["Properties"]]
        if route["Path"] != NOT_JSON
    ]
    return sorted(found, key=lambda each: (each.path, each.method))


def consumers() -> list[Consumer]:
    """Return every consumer of events, ordered by module; failed messages have another one."""
    queues: dict[str, list[str]] = {}
    for function in _functions():
        for event in function.get("Events", {}).values():
            if event["Type"] == "MQ" and event["Properties"]["Queues"] != [DEAD_LETTER_QUEUE]:
                queues.setdefault(_module(function), []).extend(event["Properties"]["Queues"])
    return [Consumer(module, tuple(sorted(found))) for module, found in sorted(queues.items())]


def queues_by_domain() -> dict[str, list[str]]:
    """Return the queues that the functions of each domain consume."""
    found: dict[str, list[str]] = {}
    for function in _functions():
        for event in function.get("Events", {}).values():
            if event["Type"] == "MQ":
                domain = _module(function).partition(".")[0]
                found.setdefault(domain, []).extend(event["Properties"]["Queues"])
    return found


def scheduled_rules() -> list[Rule]:
    """Return every rule with a schedule, ordered by name."""
    found = []
    for function in _functions():
        for event in function.get("Events", {}).values():
            if event["Type"] == "Schedule":
                rule = event["Properties"]
                found.append(
                    Rule(
                        name=_without_stack(rule["Name"]),
                        function=_without_stack(function["FunctionName"]),
                        job=_module(function).rpartition(".")[2],
                        schedule=rule["Schedule"],
                        is_enabled=rule["Enabled"],
                    )
                )
    return sorted(found, key=lambda each: each.name)


def _without_stack(name: str) -> str:
    return name.removeprefix("${AWS::StackName}-")


def _functions() -> list[dict[str, Any]]:
    """Return the properties of every function."""
    template = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 (a safe one)
    return [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
    ]


def _module(function: dict[str, Any]) -> str:
    """Return the module of a function in `functions/<domain>/`: `orders.place_order`."""
    domain = function["CodeUri"].strip("/").rpartition("/")[2]
    return f"{domain}.{function['Handler'].rpartition('.')[0]}"
