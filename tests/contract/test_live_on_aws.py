"""infra/aws/live.yaml runs the image of infra/live with the rights and variables that it needs."""

import re
from typing import Any, Final

import yaml

from tests.contract.project import ROOT, TemplateLoader
from tidings.platform import secrets
from tidings.platform.settings import ENVIRONMENT_PREFIX, Settings

TEMPLATE: Final[dict[str, Any]] = yaml.load(
    (ROOT / "infra" / "aws" / "live.yaml").read_text(), TemplateLoader
)
RESOURCES: Final[dict[str, Any]] = TEMPLATE["Resources"]
SERVICES: Final = (ROOT / "infra" / "aws" / "services.yaml").read_text()
DOCKERFILE: Final = (ROOT / "infra" / "live" / "Dockerfile").read_text()


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name]["Properties"]
    return found


def container() -> dict[str, Any]:
    (only,) = properties("Task")["ContainerDefinitions"]
    found: dict[str, Any] = only
    return found


def test_server_reads_only_the_secrets_that_it_uses() -> None:
    (policy,) = properties("ServerRole")["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "secretsmanager:GetSecretValue"
    names = {re.sub(r".*/(.*)-\?{6}$", r"\1", each["Fn::Sub"]) for each in statement["Resource"]}
    assert names == {secrets.MONGODB, secrets.SECURITY_STORE, secrets.CACHE, secrets.PUBLIC_KEYS}


def test_variables_are_settings_of_the_application() -> None:
    known = {f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in Settings.model_fields}
    given = {each["Name"] for each in container()["Environment"]}
    assert given - known == {"AWS_REGION", "POWERTOOLS_LOG_LEVEL"}


def test_port_is_that_of_the_image() -> None:
    (exposed,) = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
    assert f"TIDINGS_LIVE_PORT={exposed}\n" in DOCKERFILE
    ports = {
        properties("Targets")["Port"],
        container()["PortMappings"][0]["ContainerPort"],
        properties("Service")["LoadBalancers"][0]["ContainerPort"],
        properties("TaskAccess")["SecurityGroupIngress"][0]["ToPort"],
    }
    assert ports == {int(exposed)}


def test_only_streams_are_public() -> None:
    (condition,) = properties("Streams")["Conditions"]
    assert condition["PathPatternConfig"]["Values"] == ["/live/*"]
    (default,) = properties("Listener")["DefaultActions"]
    assert default["FixedResponseConfig"]["StatusCode"] == "404"
    assert properties("Listener")["Protocol"] == "HTTPS"
    network = properties("Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"


def test_heartbeats_keep_the_connection() -> None:
    attributes = properties("Balancer")["LoadBalancerAttributes"]
    values = {each["Key"]: each["Value"] for each in attributes}
    assert int(values["idle_timeout.timeout_seconds"]) >= 3 * 15


def test_services_tell_the_network() -> None:
    outputs = SERVICES.partition("\nOutputs:\n")[2]
    for name in ("VpcId", "PublicSubnetIds", "SubnetIds", "SecurityGroupIds"):
        assert f"  {name}:\n" in outputs
