"""Each function's role, with its policies enforced, against calls that it needs and others.

The transformed template's roles are created in moto. What a function needs is derived from its code
(`roles`), not from the template.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.contract.calls import Name, names_used_by
from tests.contract.enforced_roles import ACCOUNT, REGION, SECRETS, Account, Call, enforced
from tests.contract.project import Function, functions
from tests.contract.roles import called_by_queue, role_of, secrets_needed

PROVIDERS: Final = "tidings.platform.providers"
SECRETS_MODULE: Final = "tidings.platform.secrets"
SNS: Final = f"arn:aws:sns:{REGION}:{ACCOUNT}"
APPLICATION: Final = f"{SNS}:app/APNS/tidings"
ENDPOINT: Final = f"{SNS}:endpoint/APNS/tidings/1"
SENDER: Final = "no-reply@tidings.example"
MAIL: Final[dict[str, Any]] = {"Source": SENDER, "Destinations": [], "RawMessage": {"Data": b"x"}}


def read(name: str) -> Call:
    return lambda account: account.client("secretsmanager").get_secret_value(
        SecretId=f"tidings/{name}"
    )


def store(name: str) -> Call:
    return lambda account: account.client("secretsmanager").put_secret_value(
        SecretId=f"tidings/{name}", SecretString="{}"
    )


def send(queue: str) -> Call:
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{queue}"
    return lambda account: account.client("sqs").send_message(QueueUrl=url, MessageBody="x")


READS: Final = {name: read(name) for name in SECRETS}
SENDS: Final = {queue: send(queue) for queue in ("FailedJobs", "Others")}
# The calls of the providers, and the functions of our code that make them.
CALLS: Final[dict[str, tuple[Name, Call]]] = {
    "send a mail": (
        Name(f"{PROVIDERS}.ses", "send"),
        lambda account: account.client("ses").send_raw_email(**MAIL),
    ),
    "register a device": (
        Name(f"{PROVIDERS}.sns", "register_device"),
        lambda account: account.client("sns").create_platform_endpoint(
            PlatformApplicationArn=APPLICATION, Token="t"
        ),
    ),
    "enable a device": (
        Name(f"{PROVIDERS}.sns", "register_device"),
        lambda account: account.client("sns").set_endpoint_attributes(
            EndpointArn=ENDPOINT, Attributes={}
        ),
    ),
    "push": (
        Name(f"{PROVIDERS}.sns", "push"),
        lambda account: account.client("sns").publish(TargetArn=ENDPOINT, Message="x"),
    ),
    "forget a device": (
        Name(f"{PROVIDERS}.sns", "forget_device"),
        lambda account: account.client("sns").delete_endpoint(EndpointArn=ENDPOINT),
    ),
    "send a text message": (
        Name(f"{PROVIDERS}.sns", "text"),
        lambda account: account.client("sns").publish(PhoneNumber="+49301234567", Message="x"),
    ),
    "store the private keys": (Name(SECRETS_MODULE, "store_signing_keys"), store("signing-keys")),
    "store the public keys": (Name(SECRETS_MODULE, "store_published_keys"), store("public-keys")),
}

# Calls that no function makes.
OTHERS: Final[dict[str, Call]] = {
    "publish to a topic": lambda account: account.client("sns").publish(
        TopicArn=f"{SNS}:tidings-mail-feedback", Message="x"
    ),
    "call a function": lambda account: account.client("lambda").invoke(
        FunctionName="tidings-rotate-keys", Payload=b"{}"
    ),
    "read a file": lambda account: account.client("s3").get_object(Bucket="others", Key="x"),
    "write a file": lambda account: account.client("s3").put_object(Bucket="others", Key="x"),
    "write another secret": store("mongodb"),
    "list secrets": lambda account: account.client("secretsmanager").list_secrets(),
    "change a role": lambda account: account.client("iam").put_role_policy(
        RoleName="EndpointRole", PolicyName="all", PolicyDocument="{}"
    ),
}


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with enforced() as made:
        yield made


FUNCTIONS = sorted(functions().values(), key=lambda each: each.name)
each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)


def needed_calls(function: Function) -> set[str]:
    used = names_used_by(function, also=called_by_queue(function))
    return {call for call, (name, _) in CALLS.items() if name in used}


def test_every_function_has_a_role_and_every_role_a_function(account: Account) -> None:
    assert account.roles == sorted({role_of(each) for each in FUNCTIONS})


@each_function
def test_role_reads_the_needed_secrets_and_no_others(function: Function, account: Account) -> None:
    account.become(role_of(function))
    needed = secrets_needed(function)
    if "mongodb" in needed:
        needed = needed | {"cache"}
    if function.events_of("MQ"):  # Lambda reads it with the function's role
        needed = needed | {"broker"}
    assert account.allowed(READS) == needed


@each_function
def test_role_makes_the_needed_calls_and_no_others(function: Function, account: Account) -> None:
    account.become(role_of(function))
    needed = needed_calls(function)
    assert account.allowed({call: make for call, (_, make) in CALLS.items()}) == needed
    assert account.allowed(OTHERS) == set()


@each_function
def test_failed_events_go_to_their_queue_only(function: Function, account: Account) -> None:
    account.become(role_of(function))
    keeps = {"DeadLetterQueue", "EventInvokeConfig"} & function.properties.keys()
    assert account.allowed(SENDS) == ({"FailedJobs"} if keeps else set())
