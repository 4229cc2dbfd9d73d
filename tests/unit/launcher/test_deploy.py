"""Tests of the notes, the secrets and the template parameters of a deployment."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.launcher.aws_mock import mocked
from tidings.platform.settings import Settings as FunctionSettings
from tidings_local.launcher.deploying import deploy
from tidings_local.launcher.deploying.deploy import (
    limits,
    openness,
    parameters,
    remember,
    remembered,
    store_secrets,
)
from tidings_local.launcher.running.credentials import load_or_make
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.signing_keys import make_signing_keys, public_keys
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import TEST_STACK, Settings

SECRETS = {
    *("mongodb", "security-store", "cache", "rabbitmq", "smtp", "delivery-key", "metrics-token"),
    *("signing-keys", "public-keys", "broker"),
}


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    found = Stack("tests", tmp_path, Ports(41000))
    found.make_folders()
    return found


# ------------------------------------------------------------------------- the note


def test_deployment_is_remembered(stack: Stack) -> None:
    remember(stack, {"sources": "one"})
    remember(stack, {"sources": "two"})
    assert remembered(stack) == {"sources": "two"}


def test_nothing_is_remembered_before_the_first_deployment(stack: Stack) -> None:
    assert remembered(stack) == {}


@pytest.mark.parametrize("note", ["", "{", "null", "3", '"text"', "[1, 2]", '["ab", 3]'])
def test_incomplete_note_is_ignored(stack: Stack, note: str) -> None:
    remember(stack, {"sources": "one"})
    (stack.run / "deployed.json").write_text(note)
    assert remembered(stack) == {}


# ------------------------------------------------------------- the template's parameters


def test_parameters_are_texts_and_contain_names_of_secrets_only() -> None:
    settings = Settings(stack="local", smtp_url="smtp://me:hidden@mail:25")
    values = parameters("arn:broker", settings)
    assert {type(each) for each in values.values()} == {str}
    assert values["BrokerSecretArn"] == "arn:broker"
    assert "hidden" not in json.dumps(values)


def test_tests_have_no_limits_and_others_have_theirs() -> None:
    said: dict[str, Any] = {
        "anonymous_calls_per_minute": 6,
        "calls_per_minute": 7,
        "sends_per_minute": 8,
        "address_allowance": 9,
    }
    assert limits(Settings(stack="local", **said)) == {
        "AnonymousCallsPerMinute": "6",
        "CallsPerMinute": "7",
        "OperatorCallsPerMinute": "7",
        "ServiceCallsPerMinute": "7",
        "SendsPerMinute": "8",
        "AddressAllowance": "9",
    }
    assert {int(each) for each in limits(Settings(stack=TEST_STACK, **said)).values()} == {
        1_000_000
    }


def test_rules_of_messages_are_passed_on() -> None:
    values = parameters(
        "arn:broker",
        Settings(
            frequency_caps="promotions.email=3/7d",
            unread_waits="tasks=30m",
            basket_reminder_hours=2,
        ),
    )
    assert values["FrequencyCaps"] == "promotions.email=3/7d"
    assert values["UnreadWaits"] == "tasks=30m"
    assert values["BasketReminderHours"] == "2"


@pytest.mark.parametrize("name", ["frequency_caps", "unread_waits", "sms_providers", "mail_from"])
def test_launcher_refuses_what_the_functions_refuse(name: str) -> None:
    ours, theirs = (
        [str(getattr(each, "pattern", "")) for each in model.model_fields[name].metadata]
        for model in (Settings, FunctionSettings)
    )
    assert any(ours)
    assert ours == theirs


def test_collector_of_spans_is_passed_on() -> None:
    assert parameters("arn:broker", Settings())["TracesUrl"] == ""
    url = "http://localhost:4318/v1/traces"
    assert parameters("arn:broker", Settings(traces=url))["TracesUrl"] == url


@pytest.mark.parametrize(("open_", "said"), [(True, "true"), (False, "false")])
def test_openness_uses_the_terms_of_the_template(open_: bool, said: str) -> None:
    settings = Settings(introspection=open_, graphiql=open_, example_shop=open_, open_metrics=open_)
    assert set(openness(settings).values()) == {said}


@pytest.mark.parametrize(("only_trusted", "said"), [(True, "true"), (False, "false")])
def test_trusted_documents_are_a_parameter(only_trusted: bool, said: str) -> None:
    settings = Settings(trusted_documents=only_trusted)
    assert parameters("arn:broker", settings)["TrustedDocuments"] == said


def test_changed_parameter_needs_a_deployment(
    stack: Stack, members: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise `make deploy` says that nothing changed, and the functions have the old value."""
    monkeypatch.setattr(deploy, "_state_of_localstack", lambda _: {})
    before = deploy.what_is_wanted(stack, Settings(), members)
    for name, value in parameters("", Settings()).items():
        changed = parameters("", Settings()) | {name: f"not {value}"}
        with monkeypatch.context() as patch:
            patch.setattr(deploy, "parameters", lambda *_: changed)  # noqa: B023
            assert deploy.what_is_wanted(stack, Settings(), members) != before, name


# ---------------------------------------------------------------------- the secrets


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mocked(monkeypatch, "deploying.deploy") as client:
        yield client("secretsmanager")


@pytest.fixture
def members(tmp_path: Path) -> Any:
    connections = SimpleNamespace(
        mongodb_uri="mongodb://one",
        redis_url="redis://one",
        cache_redis_url="redis://two",
        amqp_url="amqp://one",
        broker_login={"username": "me", "password": "secret"},
    )
    return SimpleNamespace(of_functions=connections, credentials=load_or_make(tmp_path))


def value_of(manager: Any, name: str) -> Any:
    return json.loads(manager.get_secret_value(SecretId=f"tidings/{name}")["SecretString"])


def test_every_secret_is_stored(manager: Any, stack: Stack, members: Any) -> None:
    arns = store_secrets(stack, members, Settings())
    assert set(arns) == SECRETS
    assert len(set(arns.values())) == len(SECRETS)
    assert value_of(manager, "broker") == {"username": "me", "password": "secret"}
    assert value_of(manager, "mongodb") == {"url": "mongodb://one"}
    assert value_of(manager, "signing-keys") == members.credentials.signing_keys


def test_secrets_stored_again_keep_their_arns_and_get_the_new_values(
    manager: Any, stack: Stack, members: Any
) -> None:
    first = store_secrets(stack, members, Settings())
    members.of_functions.mongodb_uri = "mongodb://another"
    assert store_secrets(stack, members, Settings()) == first
    assert value_of(manager, "mongodb") == {"url": "mongodb://another"}


def test_rotated_keys_stay_and_their_public_part_is_published(
    manager: Any, stack: Stack, members: Any
) -> None:
    store_secrets(stack, members, Settings())
    rotated = make_signing_keys()
    manager.put_secret_value(
        SecretId="tidings/signing-keys", SecretString=json.dumps(rotated)
    )  # and the process of the rotation ended before it published them
    store_secrets(stack, members, Settings())
    assert value_of(manager, "signing-keys") == rotated
    assert value_of(manager, "public-keys") == public_keys(rotated)


def test_public_keys_contain_no_private_part(manager: Any, stack: Stack, members: Any) -> None:
    store_secrets(stack, members, Settings())
    assert "PRIVATE" not in json.dumps(value_of(manager, "public-keys"))
