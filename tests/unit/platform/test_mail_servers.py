"""The list of mail servers that an operator writes."""

import pytest

from tests.contract.project import ROOT
from tidings.platform.mail_servers import ONLY_SES, MailServer, mail_servers
from tidings.platform.settings import BadSettings, settings
from tidings_local.launcher.settings import Settings as LauncherSettings

SMTPS = "smtps://me:hunter2@mail.example:465"


def test_servers_keep_their_order_and_names() -> None:
    assert mail_servers(["ses", SMTPS, f"backup={SMTPS}"]) == (
        MailServer("ses", None),
        MailServer("smtp", SMTPS),
        MailServer("backup", SMTPS),
    )
    assert mail_servers(["ses"]) == ONLY_SES


WRONG = [
    "", "ses ses", f"{SMTPS} {SMTPS}", f"a={SMTPS} a={SMTPS}", f"ses={SMTPS}", "sendmail",
    f"A={SMTPS}", f"{'a' * 21}={SMTPS}", "smtp://", "smtp://host:0", "smtp://host:99999", "x=ses",
    " ".join(f"s{number}={SMTPS}" for number in range(5)),
]  # fmt: skip


@pytest.mark.parametrize("written", WRONG)
def test_unusable_list_is_refused_without_its_passwords(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="server") as refused:
        mail_servers(written.split())
    assert "hunter2" not in str(refused.value)
    if written:
        monkeypatch.setenv("TIDINGS_MAIL_PROVIDERS", written)
        with pytest.raises(BadSettings, match=r"^TIDINGS_MAIL_PROVIDERS: ") as bad:
            settings.__wrapped__()
        assert "hunter2" not in str(bad.value)


@pytest.mark.parametrize("written", ["ses ses", f"{SMTPS} smtp://other:25", "sendmail", "x=ses"])
def test_launcher_refuses_what_functions_could_not_use(written: str) -> None:
    with pytest.raises(ValueError, match="mail_providers"):
        LauncherSettings(stack="local", mail_providers=written)


@pytest.mark.parametrize("written", ["ses", f"ses backup={SMTPS}", f"{SMTPS} b=smtp://b:25 ses"])
def test_launcher_accepts_what_functions_can_use(written: str) -> None:
    assert LauncherSettings(stack="local", mail_providers=written).mail_providers == written
    assert mail_servers(written.split())


@pytest.mark.parametrize(
    ("written", "is_right"),
    [("sns", True), ("sns sns:eu-west-1", True), ("twilio", False), ("sns,sns", False)],
)
def test_providers_of_text_messages_are_checked(
    written: str, is_right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_SMS_PROVIDERS", written)
    if is_right:
        assert settings.__wrapped__().sms_providers == written
        return
    with pytest.raises(BadSettings, match=r"^TIDINGS_SMS_PROVIDERS: "):
        settings.__wrapped__()
    with pytest.raises(ValueError, match="sms_providers"):
        LauncherSettings(stack="local", sms_providers=written)
    assert written not in (ROOT / "template.yaml").read_text()
