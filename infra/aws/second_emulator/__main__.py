"""Deploy the services and the app to MiniStack, and play a customer's story there.

    make up second-emulator

MongoDB, Redis and RabbitMQ are those of the running stack, with databases and a virtual host of
their own. docs/deploy-aws.md lists what differs from AWS.
"""

import argparse
import json
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from infra.aws.second_emulator import templates
from infra.aws.second_emulator.emulator import ARTIFACTS, Failed, client, create, ministack
from infra.aws.second_emulator.programs import (
    ROOT,
    VENVS,
    bridge,
    declare_topology,
    own_broker,
    run,
    virtual_host,
)
from infra.aws.second_emulator.story import Story

STACK: Final = "tidings-prod"
DOMAIN: Final = "shop.example"
# The parameters of prod-services in samconfig.toml, and those that a person chooses.
SERVICES: Final = {
    "SecretsPrefix": STACK,
    "ApiGatewayLogs": "true",
    "NatGateways": "2",
    "InterfaceEndpoints": "true",
    "BrokerMode": "CLUSTER_MULTI_AZ",
    "BrokerInstance": "mq.m7g.large",
    "StoreNode": "cache.m7g.large",
    "StoreNodes": "2",
    "WebAcl": "true",
    "AlarmMail": f"operators@{DOMAIN}",
    "DomainName": f"api.{DOMAIN}",
}
# The secrets whose values the running stack provides. That of SMTP keeps its value from the
# services' stack: mails go to the emulator's SES, where the story reads them.
PROVIDED: Final = (
    *("mongodb", "security-store", "cache", "rabbitmq", "delivery-key"),
    *("metrics-token", "signing-keys", "public-keys"),
)
LEFT_OUT: Final = {"FunctionsThrottled": "an alarm that adds two metrics"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port-base", type=int, default=4566, help="of the running stack")
    parser.add_argument("--port", type=int, default=4700, help="of MiniStack")
    parser.add_argument("--log", type=Path, help="a folder that keeps the logs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tidings-") as temporary:
        folder = given.log or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            rehearse(given.port_base, given.port, folder)
        except Failed as failure:
            say(f"FAILED  {failure}")
            return 1
    return 0


def rehearse(port_base: int, port: int, folder: Path) -> None:
    """Run all steps; each prints a line.

    Raises:
        Failed: a step did not do what it should.
    """
    secrets = secrets_of(f"http://localhost:{port_base}")
    own = own_broker(json.loads(secrets["rabbitmq"])["url"])
    secrets["rabbitmq"] = json.dumps({"url": own})
    with virtual_host(own, port_base + 2), ministack(port, folder) as url:
        client(url, "s3").create_bucket(Bucket=ARTIFACTS)
        declare_topology(own)
        say("ok      the queues are declared in a virtual host of their own")
        outputs = deploy_services(url)
        store_secrets(url, secrets)
        template = deploy_app(url, outputs)
        with bridge(own, url, template, STACK, folder):
            play(url)
        check_logs(url)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def secrets_of(url: str) -> dict[str, str]:
    """Return the secrets of the running stack."""
    manager = client(url, "secretsmanager")
    return {
        name: manager.get_secret_value(SecretId=f"tidings/{name}")["SecretString"]
        for name in PROVIDED
    }


def deploy_services(url: str) -> dict[str, str]:
    """Create the stack of the services, as far as the emulator knows their types."""
    zone = client(url, "route53").create_hosted_zone(Name=DOMAIN, CallerReference="1")
    parameters = SERVICES | {"HostedZoneId": zone["HostedZone"]["Id"].split("/")[-1]}
    template = templates.read((ROOT / "infra/aws/services.yaml").read_text())
    created = create(url, f"{STACK}-services", template, parameters)
    count = f"{len(created.template['Resources'])} of {len(template['Resources'])}"
    say(f"ok      services: {count} resources are created")
    say(f"        not known there: {', '.join(created.unknown)}")
    return created.outputs


def store_secrets(url: str, secrets: Mapping[str, str]) -> None:
    """Put the running services' addresses into the secrets that the services' stack made."""
    manager = client(url, "secretsmanager")
    for name, text in secrets.items():
        manager.put_secret_value(SecretId=f"{STACK}/{name}", SecretString=text)
    say("ok      the secrets of the services' stack exist, and get the running services' addresses")


def deploy_app(url: str, outputs: Mapping[str, str]) -> templates.Template:
    """Create the app with the outputs of the services and the parameters of production."""
    parameters = {**parameters_of("prod"), **outputs}
    parameters |= {"PublicUrl": f"https://api.{DOMAIN}", "MailFrom": f"no-reply@{DOMAIN}"}
    client(url, "ses").verify_email_identity(EmailAddress=parameters["MailFrom"])
    upload_code(url)
    given = [f"{name}={value}" for name, value in parameters.items()]
    python = str(VENVS / "sam" / "bin" / "python")
    printed = run([python, "infra/aws/transform.py", "template.yaml", *given])
    template = templates.with_own_databases(json.loads(printed))
    whole = len(template["Resources"])
    for name in LEFT_OUT:
        del template["Resources"][name]
    created = create(url, STACK, template, parameters)
    say(f"ok      app: {len(created.template['Resources'])} of {whole} resources are created")
    say(f"        left out: {', '.join([*LEFT_OUT.values(), *created.unknown])}")
    return created.template


def parameters_of(name: str) -> dict[str, str]:
    """Return the parameters in the file of an environment."""
    lines = (ROOT / f"infra/aws/{name}.txt").read_text().split()
    return dict(line.split("=", 1) for line in lines)


def upload_code(url: str) -> None:
    """Upload the code of the last `sam build` under the addresses of the transformed template."""
    storage = client(url, "s3")
    builds = (ROOT / ".tidings/build").glob("*/template.yaml")
    newest = max(builds, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        raise Failed("there is no build: make up")
    for name, resource in templates.read(newest.read_text())["Resources"].items():
        properties = resource.get("Properties", {})
        code = properties.get("CodeUri") or properties.get("ContentUri")
        if isinstance(code, str):
            body = packed(newest.parent / code)
            storage.put_object(Bucket=ARTIFACTS, Key=name, Body=body)


def packed(folder: Path) -> bytes:
    """Return a folder as an archive."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, path.relative_to(folder))
        file.seek(0)
        return file.read()


def play(url: str) -> None:
    """Play the story by HTTP.

    Raises:
        Failed: a step of it failed.
    """
    functions = client(url, "lambda")
    (api,) = client(url, "apigateway").get_rest_apis()["items"]

    def invoke(name: str, event: Any) -> Any:
        answer = functions.invoke(FunctionName=f"{STACK}-{name}", Payload=json.dumps(event))
        content = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise Failed(f"{name}: {content[:600]}")
        return json.loads(content)

    story = Story(f"{url}/_aws/execute-api/{api['id']}/live", url, invoke)
    for step in story.steps():
        try:
            step()
        except Failed as failure:
            raise Failed(f"{step.__doc__}: {failure}") from failure
        say(f"ok      {step.__doc__}")


def check_logs(url: str) -> None:
    """Check that functions log to the one group of the template."""
    logs = client(url, "logs")
    group = f"/aws/lambda/{STACK}"
    found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    if [each.get("retentionInDays") for each in found if each["logGroupName"] == group] != [90]:
        raise Failed(f"{group} does not keep lines for 90 days")
    say("ok      the log group of all functions keeps its lines for 90 days")


if __name__ == "__main__":
    sys.exit(main())
