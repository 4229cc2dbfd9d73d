from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from moto import mock_aws
from pydantic import ValidationError

from tests.unit.platform.builders import signing_keys as fresh_keys
from tidings.platform import secrets
from tidings.platform.keys import rotate_signing_keys
from tidings.platform.settings import Settings


def settings_with(**given: str) -> Settings:
    return Settings.model_validate(given)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        provider = secrets._provider.__wrapped__()
        monkeypatch.setattr(secrets, "_provider", lambda: provider)
        monkeypatch.setattr(secrets, "settings", settings_with)
        yield boto3.client("secretsmanager", region_name="us-east-1")


def put(manager: Any, name: str, content: str) -> None:
    manager.create_secret(Name=name, SecretString=content)


def test_signing_keys_are_read(manager: Any) -> None:
    keys = fresh_keys("a", "b")
    put(manager, "tidings/signing-keys", keys.model_dump_json())
    assert secrets.signing_keys() == keys


def test_signing_keys_are_kept_a_while(manager: Any) -> None:
    first, second = fresh_keys(), fresh_keys()
    put(manager, "tidings/signing-keys", first.model_dump_json())
    assert secrets.signing_keys() == first
    manager.put_secret_value(SecretId="tidings/signing-keys", SecretString=second.model_dump_json())
    assert secrets.signing_keys() == first


def test_rotated_keys_are_picked_up_in_time(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "KEYS_MAX_AGE_SECONDS", 0)
    put(manager, "tidings/signing-keys", fresh_keys().model_dump_json())
    secrets.signing_keys()
    rotated = fresh_keys()
    manager.put_secret_value(
        SecretId="tidings/signing-keys", SecretString=rotated.model_dump_json()
    )
    assert secrets.signing_keys() == rotated


def test_keys_are_read_anew_when_asked_but_not_again_and_again(
    manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "_refreshed_at", float("-inf"))
    first, second, third = fresh_keys(), fresh_keys(), fresh_keys()
    put(manager, "tidings/signing-keys", first.model_dump_json())
    assert secrets.signing_keys() == first
    for changed in (second, third):
        secrets.store_signing_keys(changed)
        secrets.refresh_signing_keys(60)
    assert secrets.signing_keys() == second
    secrets.refresh_signing_keys(0)
    assert secrets.signing_keys() == third


def test_rotation_is_stored(manager: Any) -> None:
    old = fresh_keys("old")
    put(manager, "tidings/signing-keys", old.model_dump_json())
    new = rotate_signing_keys()
    assert secrets.signing_keys() in (old, new)
    secrets.refresh_signing_keys(0)
    assert secrets.signing_keys() == new
    assert [key.kid for key in new.keys] == [new.current, "old"]


def test_missing_secret_is_an_error_that_names_it(manager: Any) -> None:
    with pytest.raises(GetParameterError, match="ResourceNotFound"):
        secrets.signing_keys()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"current": "a"}', "secret"])
def test_malformed_secret_is_an_error(content: str, manager: Any) -> None:
    put(manager, "tidings/signing-keys", content or " ")
    with pytest.raises(ValidationError):
        secrets.signing_keys()


def test_malformed_secret_is_not_repeated_in_the_error(manager: Any) -> None:
    put(manager, "tidings/signing-keys", '{"current": "a", "keys": "hunter2"}')
    with pytest.raises(ValidationError) as refused:
        secrets.signing_keys()
    assert "hunter2" not in str(refused.value)


def test_connections_are_read_from_the_secret(manager: Any) -> None:
    urls = secrets.Connections(mongodb_uri="mongodb://m", redis_url="redis://r", amqp_url="amqp://")
    put(manager, "tidings/connections", urls.model_dump_json())
    assert secrets.connections.__wrapped__() == urls


def test_environment_wins_where_it_has_all_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    all_three = settings_with(mongodb_uri="mongodb://m", redis_url="redis://r", amqp_url="amqp://a")
    monkeypatch.setattr(secrets, "settings", lambda: all_three)
    assert secrets.connections.__wrapped__().amqp_url == "amqp://a"


def test_environment_with_some_urls_only_does_not_count(manager: Any) -> None:
    urls = secrets.Connections(mongodb_uri="mongodb://m", redis_url="redis://r", amqp_url="amqp://")
    put(manager, "tidings/connections", urls.model_dump_json())
    partly = settings_with(amqp_url="amqp://elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "settings", lambda: partly)
        assert secrets.connections.__wrapped__().amqp_url == "amqp://"
