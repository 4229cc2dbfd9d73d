"""What the console tells an operator while the published keys do not fit the one that signs."""

from contextlib import nullcontext
from typing import NamedTuple

import pytest

from pages import sign_in
from sessions import current
from sessions.current import KeysDoNotFit
from sessions.tokens import Tokens
from tests.unit.console.browser import Browser
from tests.unit.platform.builders import signing_keys, use_keys
from tidings.platform.errors import Unauthenticated
from tidings.platform.security import auth
from tidings.platform.security.auth import Principal, Role, issue_access_token
from tidings.platform.security.keys import public_part
from tidings.users.errors import SessionEnded
from web import forms, serving
from web.cookies import SESSION

OPERATOR = Principal(user_id="o", role=Role.OPERATOR, session_id="s", security_version=0)


class Session(NamedTuple):
    """What the sign-in and the refresh of the API return, as far as the console uses it."""

    access_token: str
    refresh_token: str = "r"
    device_token: str | None = None


@pytest.fixture(params=["unknown key", "bad signature"])
def fresh(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Return a session whose token was just signed, and which the published keys do not verify."""
    use_keys(monkeypatch, signing_keys("signing"))
    issued = Session(issue_access_token(OPERATOR))
    name = "other" if request.param == "unknown key" else "signing"
    others = public_part(signing_keys(name))
    monkeypatch.setattr(auth, "published_keys", lambda: others)
    return issued


def test_right_credentials_are_answered_with_the_cause_and_the_cure(
    fresh: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "login", lambda _: fresh)
    monkeypatch.setattr(serving, "invocation", nullcontext)
    monkeypatch.setattr(forms, "check", lambda _: None)
    monkeypatch.setattr(forms, "token_of", lambda _: "t")
    browser = Browser()
    shown = browser.post("sign-in", {"email": "ada@example.com", "password": "right"})
    assert shown.status == 503
    assert "Signing in again does not help." in shown.text
    assert "make rotate-keys" in shown.text
    assert "TokensAreRefused" in shown.text
    assert "has ended" not in shown.text.partition("<main")[2].partition("</main>")[0]
    assert SESSION not in browser.cookies


def test_session_that_was_just_renewed_has_not_ended(
    fresh: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = Tokens.of(fresh)  # type: ignore[arg-type]
    monkeypatch.setattr(current, "renewed", lambda _: tokens)
    with pytest.raises(KeysDoNotFit):
        current.entered(tokens.written(), by_person=True)


def test_session_that_cannot_be_renewed_has_ended(
    fresh: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(_: str) -> None:
        raise SessionEnded

    monkeypatch.setattr(current, "renewed", ended)
    with pytest.raises(Unauthenticated) as refused:
        current.entered(Tokens.of(fresh).written(), by_person=True)  # type: ignore[arg-type]
    assert getattr(refused.value, "reason", None) == "ended"
