"""Prepare the two templates for an emulator that does not know all of CloudFormation."""

import re
from collections.abc import Container, Mapping
from typing import Any, Final

import yaml

Template = dict[str, Any]

# A value in place of an attribute of a resource that is left out.
INVENTED: Final = "invented"
BROKER_ADDRESSES: Final = ["amqps://invented.example:5671"]
# Replaces nothing that is deployed: functions of this test keep their data apart.
DATABASES: Final = {"TIDINGS_DATABASE_PREFIX": "tidings_second_emulator"}


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms, such as `!Ref`."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: str(text).split(".", 1) if suffix == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _long_form)


def read(text: str) -> Template:
    """Return a template with the long forms of CloudFormation's functions."""
    found: Template = yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader)
    return found


def without_types(template: Template, types: Container[str]) -> Template:
    """Leave out the resources of these types; what refers to them gets invented values."""
    resources: Mapping[str, Any] = template["Resources"]
    gone = {name for name, each in resources.items() if each["Type"] in types}
    kept = {name: _replaced(each, gone) for name, each in resources.items() if name not in gone}
    for each in kept.values():
        needed = each.get("DependsOn", [])
        needed = [needed] if isinstance(needed, str) else needed
        if needed:
            each["DependsOn"] = [name for name in needed if name not in gone]
    outputs = _replaced(template.get("Outputs", {}), gone)
    return {**template, "Resources": kept, "Outputs": outputs}


def _replaced(value: Any, gone: Container[str]) -> Any:
    if isinstance(value, list):
        return [_replaced(each, gone) for each in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": str(name), **others} if name in gone and not others:
            return INVENTED
        case {"Fn::GetAtt": [str(name), attribute]} if name in gone:
            return BROKER_ADDRESSES if attribute == "AmqpEndpoints" else INVENTED
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _text_replaced(text, gone)}
        case {"Fn::Sub": [str(text), variables]}:
            return {"Fn::Sub": [_text_replaced(text, gone), _replaced(variables, gone)]}
    return {name: _replaced(each, gone) for name, each in value.items()}


def _text_replaced(text: str, gone: Container[str]) -> str:
    def value(found: re.Match[str]) -> str:
        return INVENTED if found[1].partition(".")[0] in gone else found[0]

    return re.sub(r"\$\{([^}!]+)\}", value, text)


def with_own_databases(template: Template) -> Template:
    """Give the functions databases apart from those of the running stack."""
    for each in template["Resources"].values():
        if each["Type"] == "AWS::Lambda::Function":
            each["Properties"]["Environment"]["Variables"] |= DATABASES
    return template


def mappings_of(template: Template, stack: str) -> dict[str, Any]:
    """Return the mappings of the template, in the form that the bridge reads from a file."""
    found = []
    for each in template["Resources"].values():
        if each["Type"] == "AWS::Lambda::EventSourceMapping":
            given = each["Properties"]
            found.append(
                {
                    "FunctionArn": _function_of(template, given["FunctionName"], stack),
                    "EventSourceArn": "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-1",
                    "Queues": given["Queues"],
                    "BatchSize": given["BatchSize"],
                    "MaximumBatchingWindowInSeconds": given["MaximumBatchingWindowInSeconds"],
                }
            )
    return {"EventSourceMappings": found}


def _function_of(template: Template, reference: dict[str, str], stack: str) -> str:
    """Return the name of a mapping's function, with its alias if the mapping names one."""
    resource = template["Resources"][reference["Ref"]]
    alias = ""
    if resource["Type"] == "AWS::Lambda::Alias":
        alias = f":{resource['Properties']['Name']}"
        resource = template["Resources"][resource["Properties"]["FunctionName"]["Ref"]]
    name: str = resource["Properties"]["FunctionName"]["Fn::Sub"]
    return name.replace("${AWS::StackName}", stack) + alias
