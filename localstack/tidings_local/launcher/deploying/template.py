"""The parts of template.yaml that a deployment of code needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..settings import CLOUDFORMATION_STACK, ROOT

REQUIREMENTS = "requirements.txt"
"""A layer whose folder has this file contains the packages that it lists."""


@dataclass(frozen=True)
class Sources:
    """The folders with the code of each function and of each layer."""

    functions: dict[str, Path]
    """By the function's deployed name."""
    layers: dict[str, Path]
    """By the layer's name; only layers with our own code."""


class _Loader(yaml.CSafeLoader):
    """Reads CloudFormation's short forms; a text inside `!Sub` stays a text."""


def _short_form(loader: _Loader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _short_form)


def read(root: Path = ROOT) -> dict[str, Any]:
    """Return template.yaml with its short forms as plain values."""
    found: dict[str, Any] = yaml.load(
        (root / "template.yaml").read_text(),
        _Loader,  # noqa: S506 (a SafeLoader)
    )
    return found


def sources(root: Path = ROOT) -> Sources:
    template = read(root)
    common = template.get("Globals", {}).get("Function", {}).get("CodeUri")
    functions, layers = {}, {}
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            deployed = properties["FunctionName"].replace("${AWS::StackName}", CLOUDFORMATION_STACK)
            functions[deployed] = root / properties.get("CodeUri", common)
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            folder = root / properties["ContentUri"]
            if not (folder / REQUIREMENTS).is_file():
                layers[name] = folder
    return Sources(functions, layers)
