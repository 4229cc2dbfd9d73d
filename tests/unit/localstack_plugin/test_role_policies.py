"""Calls of a role's session are refused by LocalStack unless the role's policies allow them."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from tests.simulated_aws import simulated_aws
from tests.unit.localstack_plugin.stand_ins import Shelf

ACCOUNT, REGION = "123456789012", "us-east-1"
ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:tidings"


@pytest.fixture(autouse=True)
def aws(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with simulated_aws(monkeypatch):
        for name in ("mongodb", "mongodb-backup"):
            boto3.client("secretsmanager").create_secret(Name=f"tidings/{name}", SecretString="x")
        yield


def allowing(*resources: str, action: str = "secretsmanager:GetSecretValue") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": list(resources)}


def session_of(*statements: dict[str, Any], role: str = "orders") -> str:
    """Return the access key of a session of a new role."""
    iam, sts = boto3.client("iam"), boto3.client("sts")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=document)
    given = sts.assume_role(RoleArn=arn, RoleSessionName="function")
    return str(given["Credentials"]["AccessKeyId"])


def check(key: str | None, service: str, operation: str, **request: Any) -> None:
    from tidings_local.localstack_plugin.role_policies import check_call

    signed = f"AWS4-HMAC-SHA256 Credential={key}/20261130/{REGION}/{service}/aws4_request"
    context = SimpleNamespace(
        request=SimpleNamespace(headers={"Authorization": signed} if key else {}),
        service=SimpleNamespace(service_name=service),
        operation=SimpleNamespace(name=operation),
        service_request=request,
        account_id=ACCOUNT,
        region=REGION,
        partition="aws",
    )
    check_call(context)


@pytest.fixture
def refused() -> Callable[..., None]:
    from localstack.aws.api import CommonServiceException

    def check_refused(*arguments: Any, **request: Any) -> None:
        with pytest.raises(CommonServiceException) as error:
            check(*arguments, **request)
        assert (error.value.code, error.value.status_code) == ("AccessDeniedException", 403)

    return check_refused


def test_role_reads_the_secrets_that_it_names_and_no_others(refused: Callable[..., None]) -> None:
    key = session_of(allowing(f"{ARN}/mongodb-??????"))
    check(key, "secretsmanager", "GetSecretValue", SecretId="tidings/mongodb")
    refused(key, "secretsmanager", "GetSecretValue", SecretId="tidings/mongodb-backup")
    refused(key, "secretsmanager", "GetSecretValue", SecretId="tidings/unknown")
    refused(key, "secretsmanager", "PutSecretValue", SecretId="tidings/mongodb")
    refused(key, "s3", "GetObject", Bucket="b", Key="k")


def test_refusal_names_the_function_because_roles_are_shared() -> None:
    from localstack.aws.api import CommonServiceException

    key = session_of(allowing(f"{ARN}/mongodb-??????"), role="EndpointRole")
    with pytest.raises(CommonServiceException, match="EndpointRole/function is not authorized"):
        check(key, "secretsmanager", "GetSecretValue", SecretId="tidings/smtp")


def test_denial_wins(refused: Callable[..., None]) -> None:
    topics = {"Effect": "Deny", "Action": "sns:Publish", "Resource": "arn:aws:sns:*:*:*"}
    key = session_of(allowing("*", action="sns:Publish"), topics)
    check(key, "sns", "Publish", PhoneNumber="+4930")
    refused(key, "sns", "Publish", TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:feedback")


def test_mail_needs_the_sender_and_the_configuration_set(refused: Callable[..., None]) -> None:
    arn = f"arn:aws:ses:{REGION}:{ACCOUNT}"
    mail = {"Source": "Tidings <no-reply@tidings.example>", "ConfigurationSetName": "mails"}
    both = allowing(f"{arn}:identity/*", f"{arn}:configuration-set/mails", action="ses:Send*")
    check(session_of(both), "ses", "SendRawEmail", **mail)
    sender_only = allowing(f"{arn}:identity/no-reply@tidings.example", action="ses:SendRawEmail")
    key = session_of(sender_only, role="another")
    check(key, "ses", "SendRawEmail", Source="no-reply@tidings.example")
    refused(key, "ses", "SendRawEmail", **mail)


def test_queue_is_known_by_its_url(refused: Callable[..., None]) -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed-jobs"
    key = session_of(allowing(queue, action="sqs:SendMessage"))
    url = f"http://sqs.{REGION}.localhost:4566/{ACCOUNT}"
    check(key, "sqs", "SendMessage", QueueUrl=f"{url}/failed-jobs")
    refused(key, "sqs", "SendMessage", QueueUrl=f"{url}/others")


def test_statement_with_a_condition_allows_nothing(refused: Callable[..., None]) -> None:
    statement = allowing("*") | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    refused(session_of(statement), "secretsmanager", "GetSecretValue", SecretId="tidings/mongodb")


def test_attached_policies_count() -> None:
    key = session_of(allowing("arn:aws:s3:::nothing"))
    document = json.dumps({"Version": "2012-10-17", "Statement": allowing("*")})
    iam = boto3.client("iam")
    arn = iam.create_policy(PolicyName="shared", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="orders", PolicyArn=arn)
    check(key, "secretsmanager", "GetSecretValue", SecretId="tidings/mongodb")


@pytest.mark.parametrize("key", [None, "000000000000", "AKIAOTHER"])
def test_other_callers_are_not_limited(key: str | None) -> None:
    check(key, "secretsmanager", "GetSecretValue", SecretId="tidings/mongodb")


def test_role_that_does_not_exist_is_not_limited() -> None:
    key = session_of(allowing("arn:aws:s3:::nothing"))
    boto3.client("iam").delete_role_policy(RoleName="orders", PolicyName="own")
    boto3.client("iam").delete_role(RoleName="orders")
    check(key, "secretsmanager", "GetSecretValue", SecretId="tidings/mongodb")
