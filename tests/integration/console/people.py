"""Operators, and browsers that are signed in to the console."""

from sessions.tokens import Tokens
from tests.integration.builders import PASSWORD, an_address
from tests.unit.console.browser import Browser, Shown
from tidings.platform.security.auth import Role, verify_access_token
from tidings.platform.timing.clock import now
from tidings.users import passwords
from tidings.users.models import User
from web.cookies import SESSION


def a_user(role: Role = Role.OPERATOR, name: str = "Grace Hopper") -> User:
    """Return a new account with a verified address and the password of all tests."""
    user = User(
        email=an_address(),
        name=name,
        password_hash=passwords.hash_password(PASSWORD),
        role=role.value,
        verified_at=now(),
    )
    user.save(force_insert=True)
    return user


def sign_in(browser: Browser, user: User, place: str = "sign-in") -> Shown:
    """Sign a person in by the form."""
    return browser.send(place, email=user.email, password=PASSWORD)


def signed_in(role: Role = Role.OPERATOR) -> Browser:
    """Return a browser in which a new person is signed in.

    It does not open the page to which the form redirects: the overview asks every service.
    """
    browser, user = Browser(), a_user(role)
    form = browser.get("sign-in")
    fields = {"form_token": form.token, **form.hidden, "email": user.email, "password": PASSWORD}
    answer = browser.ask("POST", form.url, fields)
    assert answer.status == 303, answer.text
    return browser


def account_of(browser: Browser) -> User:
    """Return the account that is signed in in a browser."""
    tokens = Tokens.read(browser.cookies[SESSION])
    assert tokens is not None
    user: User = User.objects.get(pk=verify_access_token(tokens.access).user_id)
    return user
