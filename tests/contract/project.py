"""Read the project's template, code and contracts for the contract tests."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
API_LIMIT_SECONDS: Final = 29
# Functions whose folder holds one function and the packages of its own.
WITH_PACKAGES: Final = frozenset({"gateway", "console"})


class TemplateLoader(yaml.CSafeLoader):
    """Reads CloudFormation's short forms: `!Ref X` as {"Ref": "X"}."""


def _intrinsic(loader: TemplateLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {"Ref" if tag == "Ref" else f"Fn::{tag}": value}


TemplateLoader.add_multi_constructor("!", _intrinsic)


@dataclass(frozen=True)
class Function:
    """A function of the template, with the values of Globals."""

    name: str
    properties: dict[str, Any]

    @property
    def words(self) -> list[str]:
        """The words of the name: `DeliverEmail` has `deliver` and `email`."""
        return [word.lower() for word in re.findall("[A-Z][a-z]*", self.name)]

    @property
    def handler(self) -> str:
        handler: str = self.properties["Handler"]
        return handler

    @property
    def file(self) -> Path:
        module = self.handler.rpartition(".")[0]
        folder = ROOT / str(self.properties["CodeUri"])
        return folder / f"{module.replace('.', '/')}.py"

    @property
    def module(self) -> str:
        """The module's name in this process, whose path contains the folder of all domains."""
        package = self.file.parent.name
        return self.file.stem if package in WITH_PACKAGES else f"{package}.{self.file.stem}"

    @property
    def events(self) -> dict[str, dict[str, Any]]:
        events: dict[str, dict[str, Any]] = self.properties.get("Events", {})
        return events

    def events_of(self, kind: str) -> list[dict[str, Any]]:
        return [each["Properties"] for each in self.events.values() if each["Type"] == kind]

    def load(self) -> Any:
        """Import the handler."""
        return getattr(importlib.import_module(self.module), self.handler.rpartition(".")[2])


@cache
def template() -> dict[str, Any]:
    content: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), TemplateLoader)
    return content


@cache
def functions() -> dict[str, Function]:
    common = template()["Globals"]["Function"]
    return {
        name: Function(name, common | resource["Properties"])
        for name, resource in template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


@cache
def topology() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "infra/rabbitmq/topology.yaml").read_text())
    return content


def consumers() -> dict[str, list[Function]]:
    """Return the functions that consume each queue, by the template."""
    found: dict[str, list[Function]] = {}
    for function in functions().values():
        for mapping in function.events_of("MQ"):
            for queue in mapping["Queues"]:
                found.setdefault(queue, []).append(function)
    return found


def routes() -> dict[str, Function]:
    """Return the function behind each `METHOD path`."""
    return {
        f"{route['Method']} {route['Path']}": function
        for function in functions().values()
        for route in function.events_of("Api")
    }


def function_files() -> set[Path]:
    """Return the files of handlers; packages of a function are in folders below it."""
    return set((ROOT / "functions").glob("*/*.py"))


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def parsed(path: Path) -> ast.Module:
    """Return a file's syntax tree, which is kept: several rules read each file."""
    return ast.parse(path.read_text(), str(path))


def imported_modules(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, anywhere in the file."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield ("." * node.level) + (node.module or "")
