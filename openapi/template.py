"""The routes that template.yaml declares, with their handlers."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Route:
    """A method and a path, and the function behind them."""

    method: str
    path: str
    module: str

    @property
    def name(self) -> str:
        """The operation's name in every room: place_order."""
        return self.module.rpartition(".")[2]

    @property
    def domain(self) -> str:
        return self.module.partition(".")[0]

    @property
    def handler(self) -> Any:
        return importlib.import_module(self.module).handler

    @property
    def summary(self) -> str:
        """What follows the route in the first line of the module's docstring."""
        first = (importlib.import_module(self.module).__doc__ or "").splitlines()[0]
        return first.partition(": ")[2].rstrip(".") or first

    @property
    def description(self) -> str:
        lines = (importlib.import_module(self.module).__doc__ or "").splitlines()[1:]
        return "\n".join(lines).strip()


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as what stands behind them."""


_Loader.add_multi_constructor("!", lambda loader, _tag, node: _plain(loader, node))


def _plain(loader: _Loader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


# Its answer is a text of Prometheus' own.
NOT_JSON: Final = "/metrics"


def rest_routes() -> list[Route]:
    """Return every route that answers in JSON but GraphQL's, ordered by path and method."""
    template = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 (a safe one)
    functions = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
    ]
    found = [
        Route(route["Method"], route["Path"], function["Handler"].rpartition(".")[0])
        for function in functions
        if function.get("CodeUri") != "gateway/"
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
        for route in [event["Properties"]]
        if route["Path"] != NOT_JSON
    ]
    return sorted(found, key=lambda each: (each.path, each.method))
