import pytest
from pydantic import SecretStr, ValidationError

from tidings_local.bridge.settings import (
    BridgeSettings,
    connection_parameters,
    is_amqp_url,
)
from tidings_local.service.settings import describe

URL = "amqp://user:s3cret@broker:5673/shop"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_AMQP_URL", URL)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def test_defaults() -> None:
    settings = BridgeSettings.read()
    assert (settings.bridge_host, settings.bridge_port) == ("127.0.0.1", 4571)
    assert settings.bridge_concurrency == 1
    assert settings.bridge_serves == "Enabled"
    assert settings.aws_endpoint_url is None


def test_log_level_may_be_written_small() -> None:
    assert BridgeSettings.read(log_level="warning").log_level == "WARNING"


def test_password_is_not_shown() -> None:
    assert "s3cret" not in repr(BridgeSettings.read())


@pytest.mark.parametrize(
    "url",
    ["", "broker:5672", "http://broker", "amqp://", "amqp://u:p@:5672", "amqp://u:s3cret/x@b:no"],
)
def test_url_of_another_scheme_is_reported_without_its_password(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        BridgeSettings.read(amqp_url=SecretStr(url))
    told = describe(refused.value)
    assert told.startswith("TIDINGS_AMQP_URL: ")
    assert "s3cret" not in told + str(refused.value)


@pytest.mark.parametrize("url", [URL, "amqps://b.mq.us-east-1.amazonaws.com:5671", "amqp://b/%2F"])
def test_url_of_a_broker(url: str) -> None:
    assert is_amqp_url(url)


def test_all_mistakes_are_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDINGS_AMQP_URL")
    monkeypatch.setenv("TIDINGS_BRIDGE_PORT", "many")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nowhere")
    with pytest.raises(ValidationError) as refused:
        BridgeSettings.read()
    told = describe(refused.value)
    for variable in ("TIDINGS_AMQP_URL", "TIDINGS_BRIDGE_PORT", "AWS_ENDPOINT_URL"):
        assert f"{variable}: " in told
    assert "\n" not in told


def test_heartbeat_of_the_url_wins() -> None:
    assert connection_parameters(SecretStr(URL), "test").heartbeat == 30
    assert connection_parameters(SecretStr(f"{URL}?heartbeat=7"), "test").heartbeat == 7
