"""The functions' roles in moto, which checks each call by the policies of the caller's role.

moto compares resources only for some services, and knows the wildcard `*`, but not `?`. Both are
added here; the comparison of effects and actions is moto's.
"""

import fnmatch
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.authorization import enable_iam_authentication
from moto.iam.access_control import IAMPolicyStatement
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.ses.responses import EmailResponse
from moto.sns.responses import SNSResponse

from tests.contract.transformed import resources, transformed
from tests.simulated_aws import simulated_aws

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
STACK: Final = "tidings"
SECRETS: Final = (
    *("mongodb", "security-store", "cache", "rabbitmq", "smtp", "delivery-key", "metrics-token"),
    *("signing-keys", "public-keys", "broker"),
)
Call = Callable[["Account"], object]


class Account:
    """An account with the stack's roles and secrets, and the clients of one caller."""

    def __init__(self) -> None:
        self._session: Any = boto3.Session("root", "none", "none", REGION)
        self._clients: dict[str, Any] = {}
        self._policies: dict[str, str] = {}
        self._policies_of_caller = ""
        self._allowed: dict[tuple[str, ...], set[str]] = {}
        self.secrets = {name: self._put(name) for name in SECRETS}
        self._roles = {name: self._role(name, each) for name, each in self._described()}
        for queue in ("FailedJobs", "Others"):
            self.client("sqs").create_queue(QueueName=queue)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(service)
        return self._clients[service]

    def become(self, role: str) -> None:
        """Sign the next calls with the credentials of a role's session."""
        self._policies_of_caller = self._policies[role]
        given = self._roles[role]
        credentials: Any = self._session.get_credentials()
        credentials.access_key = given["AccessKeyId"]
        credentials.secret_key = given["SecretAccessKey"]
        credentials.token = given["SessionToken"]

    @property
    def roles(self) -> list[str]:
        return sorted(self._roles)

    def allowed(self, calls: Mapping[str, Call]) -> set[str]:
        """Return the names of those calls that the caller's role allows.

        The answers are kept, because many roles have equal policies.
        """
        key = (self._policies_of_caller, *calls)
        if key not in self._allowed:
            self._allowed[key] = {name for name, each in calls.items() if is_allowed(self, each)}
        return self._allowed[key]

    def _put(self, name: str) -> str:
        manager = self.client("secretsmanager")
        return str(manager.create_secret(Name=f"tidings/{name}", SecretString="{}")["ARN"])

    def _described(self) -> Iterator[tuple[str, dict[str, Any]]]:
        template = transformed()
        defaults = {name: each.get("Default") for name, each in template["Parameters"].items()}
        values = {
            **defaults,
            **{"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT},
            **{"AWS::StackName": STACK, "BrokerSecretArn": self.secrets["broker"]},
            "AWS::NoValue": "",
        }
        for name, role in resources(template, "AWS::IAM::Role").items():
            yield name, _resolved(role, values)

    def _role(self, name: str, role: dict[str, Any]) -> Any:
        self._policies[name] = json.dumps(
            [each["PolicyDocument"] for each in role.get("Policies", [])], sort_keys=True
        )
        iam, sts = self.client("iam"), self.client("sts")
        trust = json.dumps(role["AssumeRolePolicyDocument"])
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for policy in role.get("Policies", []):
            document = {"Version": "2012-10-17"} | policy["PolicyDocument"]
            iam.put_role_policy(
                RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=json.dumps(document)
            )
        return sts.assume_role(RoleArn=arn, RoleSessionName="function")["Credentials"]


def is_allowed(account: Account, call: Call) -> bool:
    """Say whether the caller's role allows a call; whether its object exists does not matter."""
    try:
        call(account)
    except ClientError as error:
        # moto answers in XML also where AWS answers in JSON; then the code is only in the text.
        told = f"{error.response['Error']['Code']} {error}"
        assert "SignatureDoesNotMatch" not in told, told
        return "AccessDenied" not in told
    return True


@contextmanager
def enforced() -> Iterator[Account]:
    """Yield an account in which each call needs the permission of its caller's role."""
    with pytest.MonkeyPatch.context() as patch, simulated_aws(patch):
        account = Account()
        for responses, resource in RESOURCES.items():
            patch.setattr(responses, "_determine_resource", resource, raising=False)
        patch.setattr(IAMPolicyStatement, "_match", staticmethod(_is_like))
        with enable_iam_authentication():
            yield account


def _is_like(pattern: str, text: str) -> bool | None:
    """Compare by `*` and `?`; None if they differ, as moto's own comparison."""
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]")) or None


def _secret(response: Any) -> str:
    name = json.loads(response.body).get("SecretId")
    return str(secretsmanager_backends[ACCOUNT][REGION].secrets[name].arn) if name else "*"


def _identity(response: Any) -> str:
    sender = response.data["Source"][0]
    return f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{sender}"


def _target(response: Any) -> str:
    """Return what SNS is asked for; a phone number has no ARN."""
    named = ("TopicArn", "TargetArn", "EndpointArn", "PlatformApplicationArn")
    return next((response.data[name][0] for name in named if name in response.data), "*")


RESOURCES: Final[Mapping[type, Callable[[Any], str]]] = {
    SecretsManagerResponse: _secret,
    EmailResponse: _identity,
    SNSResponse: _target,
}


def _resolved(value: Any, values: Mapping[str, str]) -> Any:
    """Replace the intrinsic functions that roles contain."""
    match value:
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([\w:]+)\}", lambda found: values[found[1]], text)
        case {"Ref": str(name)}:
            return values[name]
        case {"Fn::GetAtt": [str(queue), "Arn"]}:
            return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
        case dict():
            return {name: _resolved(each, values) for name, each in value.items()}
        case list():
            return [_resolved(each, values) for each in value]
    return value
