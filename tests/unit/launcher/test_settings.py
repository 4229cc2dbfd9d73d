"""Tests of the settings of a person, and of the variables that services must not inherit."""

from pathlib import Path

import pytest

from tidings_local.launcher.errors import LauncherError
from tidings_local.launcher.running.services.connections import (
    Connections,
    check_url,
    without_login,
)
from tidings_local.launcher.settings import (
    Options,
    Settings,
    inherited_environment,
    load_options,
    load_settings,
)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STACK", "PORT_BASE", "MONGODB_URI", "REDIS_URL", "AMQP_URL", "LOG_LEVEL"):
        monkeypatch.delenv(f"TIDINGS_{name}", raising=False)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\nTIDINGS_MONGODB_URI='mongodb://db/#x'\nexport TIDINGS_PORT_BASE=5000\n"
        "SOMETHING_ELSE=1\nTIDINGS_REDIS_URL=\n"
    )
    return file


def test_the_env_file_is_read(env_file: Path) -> None:
    settings = load_settings(env_file)
    assert settings.mongodb_uri == "mongodb://db/#x"
    assert settings.port_base == 5000


def test_an_empty_value_is_none(env_file: Path) -> None:
    assert load_settings(env_file).redis_url is None


def test_the_environment_wins(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_PORT_BASE", "6000")
    assert load_settings(env_file).port_base == 6000


def test_stack_of_the_tests_ignores_databases_in_the_env_file(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_STACK", "test")
    assert load_settings(env_file).mongodb_uri is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIDINGS_STACK", "../elsewhere"),
        ("TIDINGS_STACK", "Upper"),
        ("TIDINGS_PORT_BASE", "80"),
        ("TIDINGS_PORT_BASE", "many"),
        ("TIDINGS_LOG_LEVEL", "LOUD"),
    ],
)
def test_an_unusable_value_is_one_line_with_its_name(
    name: str, value: str, env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(LauncherError) as refused:
        load_settings(env_file)
    assert len(refused.value.lines()) == 1
    assert name in refused.value.message


def test_settings_of_other_programs_are_ignored(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_settings(env_file)
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "x")
    assert load_settings(env_file) == before


def test_empty_option_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FN", "FOLLOW", "PYTEST"):
        monkeypatch.setenv(f"TIDINGS_ARG_{name}", "")
    options = load_options()
    assert options.fn is None
    assert options.follow is False


def test_common_variables_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Options.model_fields:
        monkeypatch.setenv(name.upper(), "1")
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("TIME", "%E real")
    monkeypatch.setenv("ENGINE", "podman")
    assert load_options().model_dump(exclude_defaults=True) == {}
    assert load_settings().engine == "process"


def test_docker_can_be_chosen_in_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", "docker")
    assert load_settings().engine == "docker"
    monkeypatch.setenv("TIDINGS_ENGINE", "process")
    assert load_settings().engine == "process"


def test_unusable_option_is_named_as_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_ARG_TIME", "%E real")
    with pytest.raises(LauncherError, match="TIME is not usable"):
        load_options()


def test_services_do_not_inherit_a_real_aws_profile_or_a_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = {"AWS_PROFILE", "TIDINGS_ARG_PASSWORD", "RABBITMQ_NODENAME", "PYTHONPATH"}
    for name in secret:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("SSL_CERT_FILE", "/ca.pem")
    inherited = inherited_environment()
    assert inherited["SSL_CERT_FILE"] == "/ca.pem"
    assert not secret & set(inherited)


def test_a_url_of_the_wrong_kind_is_refused_without_its_password() -> None:
    with pytest.raises(LauncherError, match="TIDINGS_AMQP_URL must begin with amqp://") as refused:
        check_url("TIDINGS_AMQP_URL", "http://me:secret@host")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("amqp://me:p%40ss@host:1/%2F", "amqp://host:1/%2F"),
        ("redis://:pass@host/0", "redis://host/0"),
        ("mongodb://host:27017/", "mongodb://host:27017/"),
    ],
)
def test_urls_are_shown_without_login(url: str, shown: str) -> None:
    assert without_login(url) == shown


def test_brokers_login_is_unquoted() -> None:
    login = Connections("", "", "", "amqp://me:p%40ss@host/").broker_login
    assert login == {"username": "me", "password": "p@ss"}
