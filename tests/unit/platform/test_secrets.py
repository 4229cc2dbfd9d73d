import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from tests.simulated_aws import simulated_aws
from tests.unit.platform.builders import signing_keys as fresh_keys
from tests.unit.platform.secrets_server import secrets_server
from tidings.platform import secrets
from tidings.platform.mail_servers import ONLY_SES
from tidings.platform.secrets_manager import SecretsManagerError
from tidings.platform.security import keys as rotation
from tidings.platform.security.keys import public_part, rotate_signing_keys
from tidings.platform.settings import Settings

SIGNING, PUBLIC = "tidings/signing-keys", "tidings/public-keys"


def settings_with(**given: str | None) -> Settings:
    return Settings.model_validate(given)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with simulated_aws(monkeypatch):
        manager = boto3.client("secretsmanager", region_name="us-east-1")
        monkeypatch.setattr(secrets, "settings", settings_with)
        monkeypatch.setattr(secrets, "_kept", {})
        with secrets_server(manager) as server:
            monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
            yield manager


def put(manager: Any, name: str, content: str) -> None:
    manager.create_secret(Name=name, SecretString=content)


def test_signing_keys_are_read(manager: Any) -> None:
    keys = fresh_keys("a", "b")
    put(manager, "tidings/signing-keys", keys.model_dump_json())
    assert secrets.signing_keys() == keys


def test_signing_keys_are_cached(manager: Any) -> None:
    first, second = fresh_keys(), fresh_keys()
    put(manager, "tidings/signing-keys", first.model_dump_json())
    assert secrets.signing_keys() == first
    manager.put_secret_value(SecretId="tidings/signing-keys", SecretString=second.model_dump_json())
    assert secrets.signing_keys() == first


def test_rotated_keys_are_read_in_time(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "KEYS_MAX_AGE_SECONDS", 0)
    put(manager, "tidings/signing-keys", fresh_keys().model_dump_json())
    secrets.signing_keys()
    rotated = fresh_keys()
    manager.put_secret_value(
        SecretId="tidings/signing-keys", SecretString=rotated.model_dump_json()
    )
    assert secrets.signing_keys() == rotated


def test_published_keys_are_read_again_on_request_but_not_too_often(
    manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "_refreshed_at", float("-inf"))
    first, second, third = (public_part(fresh_keys()) for _ in range(3))
    put(manager, PUBLIC, first.model_dump_json())
    assert secrets.published_keys() == first
    for changed in (second, third):
        secrets.store_published_keys(changed)
        secrets.refresh_published_keys(60)
    assert secrets.published_keys() == second
    secrets.refresh_published_keys(0)
    assert secrets.published_keys() == third


def has_both(manager: Any, keys: secrets.SigningKeys) -> None:
    put(manager, SIGNING, keys.model_dump_json())
    put(manager, PUBLIC, public_part(keys).model_dump_json())


def stored(manager: Any) -> tuple[secrets.SigningKeys, secrets.PublicKeys]:
    signing, public = (
        manager.get_secret_value(SecretId=name)["SecretString"] for name in (SIGNING, PUBLIC)
    )
    return (
        secrets.SigningKeys.model_validate_json(signing),
        secrets.PublicKeys.model_validate_json(public),
    )


def test_rotation_changes_both_secrets_and_the_public_one_has_no_private_part(
    manager: Any,
) -> None:
    has_both(manager, fresh_keys("old"))
    new = rotate_signing_keys()
    assert stored(manager) == (new, public_part(new))
    assert [key.kid for key in new.keys] == [new.current, "old"]
    text = manager.get_secret_value(SecretId=PUBLIC)["SecretString"]
    assert "PRIVATE" not in text
    assert '"d"' not in text


@pytest.mark.parametrize("dies_at", ["store_published_keys", "store_signing_keys"])
def test_interrupted_rotation_keeps_users_signed_in_and_the_next_one_repairs_it(
    dies_at: str, manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_both(manager, fresh_keys("old"))

    def die(_: object) -> None:
        raise RuntimeError("the process was killed")

    with monkeypatch.context() as patch:
        patch.setattr(rotation, dies_at, die)
        with pytest.raises(RuntimeError):
            rotate_signing_keys()
    signing, public = stored(manager)
    assert signing.current in {key.kid for key in public.keys}
    new = rotate_signing_keys()
    assert stored(manager) == (new, public_part(new))
    assert "old" in {key.kid for key in new.keys}


def test_key_is_published_before_it_signs(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    has_both(manager, fresh_keys("old"))
    seen: list[bool] = []

    def store_last(keys: secrets.SigningKeys) -> None:
        seen.append(keys.current in {key.kid for key in stored(manager)[1].keys})

    monkeypatch.setattr(rotation, "store_signing_keys", store_last)
    rotate_signing_keys()
    assert seen == [True]


def test_missing_secret_is_an_error_with_its_name(manager: Any) -> None:
    with pytest.raises(SecretsManagerError, match="ResourceNotFound"):
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


ADDRESSES: dict[str, Callable[[], str]] = {
    "mongodb": secrets.mongodb_url,
    "security-store": secrets.security_store_url,
    "cache": secrets.cache_url,
    "rabbitmq": secrets.amqp_url,
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_address_is_read_from_its_own_secret(name: str, manager: Any) -> None:
    put(manager, f"tidings/{name}", f'{{"url": "proto://me:hidden@{name}"}}')
    assert ADDRESSES[name]() == f"proto://me:hidden@{name}"


def test_other_values_are_read_from_their_own_secrets(manager: Any) -> None:
    put(manager, "tidings/smtp", '{"url": "smtp://mail:25"}')
    put(manager, "tidings/delivery-key", json.dumps({"key": "k" * 32}))
    put(manager, "tidings/metrics-token", '{"token": "t"}')
    assert secrets.providers_of_mails() == (("smtp", "smtp://mail:25"),)
    assert secrets.delivery_key() == "k" * 32
    assert secrets.metrics_token() == "t"


def test_mails_go_through_ses_and_metrics_are_closed_if_the_secrets_are_null(manager: Any) -> None:
    put(manager, "tidings/smtp", '{"url": null}')
    put(manager, "tidings/metrics-token", '{"token": null}')
    assert (secrets.providers_of_mails(), secrets.metrics_token()) == (ONLY_SES, None)


def test_secrets_have_the_prefix_of_the_settings(
    manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "settings", lambda: settings_with(secrets_prefix="shop/live"))
    put(manager, "shop/live/mongodb", '{"url": "mongodb://live"}')
    assert secrets.mongodb_url() == "mongodb://live"


def test_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    here = settings_with(mongodb_uri="mongodb://m", redis_url="redis://r", amqp_url="amqp://a")
    monkeypatch.setattr(secrets, "settings", lambda: here)
    found = secrets.mongodb_url(), secrets.security_store_url(), secrets.amqp_url()
    assert found == ("mongodb://m", "redis://r", "amqp://a")
    assert (secrets.providers_of_mails(), secrets.metrics_token()) == (ONLY_SES, None)


@pytest.mark.parametrize(("cache", "used"), [(None, "redis://r"), ("redis://c", "redis://c")])
def test_one_redis_serves_both_purposes_in_tests(
    monkeypatch: pytest.MonkeyPatch, cache: str | None, used: str
) -> None:
    here = settings_with(redis_url="redis://r", cache_redis_url=cache)
    monkeypatch.setattr(secrets, "settings", lambda: here)
    assert secrets.cache_url() == used


@pytest.mark.parametrize("content", ['{"key": "short"}', '{"key": null}', "{}"])
def test_delivery_key_must_be_long(content: str, manager: Any) -> None:
    put(manager, "tidings/delivery-key", content)
    with pytest.raises(ValidationError, match="key") as refused:
        secrets.delivery_key()
    assert "short" not in str(refused.value).replace("too_short", "")


class Failing:
    """Reads no secret, for this reason."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure
        self.asked = 0

    def __call__(self, name: str) -> str:
        self.asked += 1
        raise self.failure


AWAY = SecretsManagerError("no answer", is_away=True)
REFUSED = SecretsManagerError("not allowed", is_away=False)


def test_cached_keys_are_used_while_secrets_manager_is_unavailable(
    manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "KEYS_MAX_AGE_SECONDS", 0)
    keys = public_part(fresh_keys())
    put(manager, PUBLIC, keys.model_dump_json())
    secrets.published_keys()
    away = Failing(AWAY)
    monkeypatch.setattr(secrets, "get_secret", away)
    for _ in range(3):
        assert secrets.published_keys() == keys
    assert away.asked == 1  # each attempt takes seconds


@pytest.mark.parametrize("failure", [REFUSED, ValueError("a mistake of ours")])
def test_cached_keys_are_not_used_after_a_refusal(
    manager: Any, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    monkeypatch.setattr(secrets, "KEYS_MAX_AGE_SECONDS", 0)
    put(manager, PUBLIC, public_part(fresh_keys()).model_dump_json())
    secrets.published_keys()
    monkeypatch.setattr(secrets, "get_secret", Failing(failure))
    with pytest.raises(type(failure)):
        secrets.published_keys()


def test_keys_that_were_never_read_are_an_error(
    manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "get_secret", Failing(AWAY))
    with pytest.raises(SecretsManagerError):
        secrets.published_keys()
