import pytest
from pydantic import ValidationError

from tidings.platform.settings import BadSettings, Settings, settings


def read() -> Settings:
    """Read the settings from the environment, without the cached ones."""
    return settings.__wrapped__()


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TIDINGS_{name.upper()}", raising=False)
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)


def test_secrets_have_names_and_services_have_no_default_address() -> None:
    assert read() == Settings.model_validate({})
    assert read().secrets_prefix == "tidings"
    assert read().mongodb_uri is None


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_SECRETS_PREFIX", "shop/live")
    monkeypatch.setenv("TIDINGS_DATABASE_PREFIX", "shop_2")
    assert read().secrets_prefix == "shop/live"
    assert read().database_prefix == "shop_2"


def test_function_name_is_that_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "tidings-inventory")
    assert read().function_name == "tidings-inventory"


@pytest.mark.parametrize("prefix", ["", "Shop", "1shop", "shop-1", "shop/../x", "s" * 32, "a.b"])
def test_invalid_value_is_reported_by_its_name(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_DATABASE_PREFIX", prefix)
    with pytest.raises(BadSettings, match=r"^TIDINGS_DATABASE_PREFIX: "):
        read()


def test_settings_are_immutable() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read().redis_url = "redis://elsewhere"


@pytest.mark.parametrize("name", ["smtp_url", "ios_application", "mail_configuration_set"])
def test_unused_parameter_counts_as_not_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TIDINGS_{name.upper()}", "")
    assert getattr(read(), name) is None


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "smtp://a b", "mail.example"])
def test_invalid_url_of_a_mail_server_is_reported_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_SMTP_URL", f"{url} hunter2")
    with pytest.raises(BadSettings, match=r"^TIDINGS_SMTP_URL: ") as refused:
        read()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "sender", ["Shop, Inc <a@b.example>", "Shop", "a@b.example\r\nBcc: x@y.example", "<a@b> <c@d>"]
)
def test_sender_that_is_not_a_mailbox_is_refused(
    sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_MAIL_FROM", sender)
    with pytest.raises(BadSettings, match=r"^TIDINGS_MAIL_FROM: "):
        read()


def test_every_invalid_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_CALLS_PER_MINUTE", "many")
    monkeypatch.setenv("TIDINGS_GRAPHIQL", "perhaps")
    with pytest.raises(BadSettings) as refused:
        read()
    problems = str(refused.value).split("; ")
    assert [each.partition(": ")[0] for each in problems] == [
        "TIDINGS_CALLS_PER_MINUTE",
        "TIDINGS_GRAPHIQL",
    ]
