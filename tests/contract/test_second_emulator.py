"""What `make second-emulator` relies on exists; CI plays the story itself."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from infra.aws.second_emulator import __main__ as rehearsal
from infra.aws.second_emulator import templates
from infra.aws.second_emulator.story import Story
from tests.contract.project import ROOT, functions, routes
from tests.contract.transformed import transformed

SERVICES = ROOT / "infra/aws/services.yaml"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return templates.read(SERVICES.read_text())


def references(value: Any) -> Iterator[str]:
    """Return each resource or parameter that a template refers to."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    if isinstance(value, dict):
        for name, content in value.items():
            if name == "Ref" and isinstance(content, str):
                yield content
            elif name == "Fn::GetAtt":
                yield content[0]
            elif name == "Fn::Sub":
                text, own = (content, {}) if isinstance(content, str) else content
                found = {each.split(".")[0] for each in re.findall(r"\$\{([^}!]+)\}", text)}
                yield from found - own.keys()
                yield from references(own)
            elif name == "DependsOn":
                yield from [content] if isinstance(content, str) else content
            else:
                yield from references(content)


def dangling(template: dict[str, Any]) -> set[str]:
    known = template["Resources"].keys() | template["Parameters"].keys()
    parts = references([template["Resources"], template.get("Outputs", {})])
    return {each for each in parts if not each.startswith("AWS::") and each not in known}


def test_template_of_the_services_is_read_whole(services: dict[str, Any]) -> None:
    assert services["Resources"].keys() >= {"Vpc", "Broker", "Store", "BrokerUrl"}
    assert dangling(services) == set()


@pytest.mark.parametrize(
    "types",
    [
        ["AWS::AmazonMQ::Broker"],
        ["AWS::EC2::EIP", "AWS::EC2::NatGateway"],
        ["AWS::ElastiCache::ReplicationGroup", "AWS::WAFv2::WebACL", "AWS::SNS::Topic"],
        ["AWS::EC2::VPCGatewayAttachment"],
    ],
)
def test_nothing_refers_to_what_is_left_out(services: dict[str, Any], types: list[str]) -> None:
    made = templates.without_types(services, types)
    assert len(made["Resources"]) < len(services["Resources"])
    assert dangling(made) == set()


def test_parameters_are_those_of_the_templates(services: dict[str, Any]) -> None:
    assert rehearsal.SERVICES.keys() <= services["Parameters"].keys()
    assert rehearsal.parameters_of("prod").keys() <= transformed()["Parameters"].keys()


def test_size_of_production_is_rehearsed() -> None:
    text = (ROOT / "samconfig.toml").read_text()
    section = text.partition("[prod-services.deploy.parameters]")[2]
    asked = dict(re.findall(r'"(\w+)=([^"]+)"', section))
    for name in asked.keys() - {"CacheNode"}:
        assert rehearsal.SERVICES[name] == asked[name], name


def test_each_provided_secret_is_made_by_the_services(services: dict[str, Any]) -> None:
    made = {
        each["Properties"]["Name"]["Fn::Sub"].partition("/")[2]
        for each in services["Resources"].values()
        if each["Type"] == "AWS::SecretsManager::Secret"
    }
    assert set(rehearsal.PROVIDED) <= made


def test_each_mapping_is_given_to_the_bridge_with_the_alias_of_its_function() -> None:
    given = templates.mappings_of(transformed(), "tidings")["EventSourceMappings"]
    consumers = [each for each in functions().values() if each.events_of("MQ")]
    assert len(given) == len(consumers)
    assert {"tidings-inventory:live", "tidings-erase-person"} <= {
        each["FunctionArn"] for each in given
    }
    assert yaml.safe_load(yaml.safe_dump(given)) == given


def test_what_is_left_out_exists() -> None:
    assert rehearsal.LEFT_OUT.keys() <= transformed()["Resources"].keys()


def test_story_uses_routes_of_the_template_and_explains_its_steps() -> None:
    source = (ROOT / "infra/aws/second_emulator/story.py").read_text()
    paths = set(re.findall(r'"(/(?:api/v1/|health)[\w/-]*)"', source))
    known = {re.sub(r"^\w+ ", "", each) for each in routes()}
    assert len(paths) >= 6
    assert paths <= known
    steps = Story("", "", lambda *_: None).steps()
    assert all(step.__doc__ and not step.__doc__.endswith(".") for step in steps)
