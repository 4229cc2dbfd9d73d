"""Password guesses are slowed down; without Redis sign-in is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.builders import (
    CONTEXT,
    PASSWORD,
    a_redis_that_is_away,
    an_address,
    at_once,
    graphql,
    token_of,
)
from tests.integration.users.people import as_principal, registered, sign_in
from tests.integration.users.waits import as_deployed
from tests.unit.platform.builders import answer_of, api_event
from tidings.platform.context import called_from
from tidings.platform.errors import RateLimited
from tidings.platform.security import limits, quotas, store
from tidings.platform.security.admission import admit
from tidings.platform.security.limits import Limit
from tidings.platform.settings import Settings
from tidings.users.errors import WrongCredentials
from tidings.users.throttle import (
    SIGN_INS_OF_ACCOUNT,
    SIGN_INS_OF_DEVICE,
    SIGN_INS_OF_PAIR,
    Guard,
    sign_ins_of_address,
)

pytestmark = pytest.mark.usefixtures("keys")
LOGIN = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }"


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make Redis unavailable: nothing listens on its port."""
    gone = a_redis_that_is_away()
    monkeypatch.setattr(store, "client", lambda: gone)
    monkeypatch.setattr(limits.resting, "_until", 0.0)
    yield
    limits.resting.wake()


def fail(guard: Guard, subject: str) -> int:
    """Fail without waiting; return the seconds that the next attempt would wait."""
    guard.count(subject)
    try:
        guard.check(subject)
    except RateLimited as refused:
        store.client().delete(guard._keys(subject)[1])
        return as_deployed(refused.retry_after)
    return 0


def wrong(email: str) -> str:
    try:
        sign_in(email, "not the password")
    except WrongCredentials:
        return "wrong"
    except RateLimited:
        return "wait"
    return "signed in"


def test_waits_double_up_to_the_longest() -> None:
    guard = Guard("test", free=2, longest=7)
    assert [fail(guard, "somebody") for _ in range(7)] == [0, 0, 1, 2, 4, 7, 7]
    assert fail(guard, "another network") == 0


def test_waits_stay_at_the_longest_after_very_many() -> None:
    guard = Guard("test", free=0, first=60, longest=900)
    assert [fail(guard, "somebody") for _ in range(100)][-1] == 900


def in_a_day(guard: Guard) -> int:
    """Return the number of guesses a day, each made as soon as its wait has passed."""
    guesses, seconds = 0, 0
    while seconds < 24 * 3600:
        guesses += 1
        beyond = guesses - guard.free
        seconds += min(2 ** (beyond - 1), guard.longest) if beyond > 0 else 0
    return guesses


def test_guesses_of_a_day_are_those_of_the_docs() -> None:
    docs = (Path(__file__).parents[3] / "docs/accounts.md").read_text()
    for guard, row in (
        (SIGN_INS_OF_PAIR, "| one network | {} ("),
        (SIGN_INS_OF_DEVICE, "| each device token in strange hands | {} |"),
        (SIGN_INS_OF_ACCOUNT, "| any number of networks together | {:,} ("),
        (sign_ins_of_address(), "| one network at any number of accounts (spraying) | {} ("),
    ):
        assert row.format(in_a_day(guard)) in docs


def test_withdrawn_attempt_does_not_count() -> None:
    guard = Guard("test", free=1, longest=900)
    for _ in range(5):
        guard.attempt("somebody")
        guard.undo("somebody")
    guard.undo("somebody")
    guard.attempt("somebody")
    guard.attempt("somebody")
    with pytest.raises(RateLimited):
        guard.attempt("somebody")


def test_wrong_passwords_make_the_right_one_wait() -> None:
    user = registered()
    assert [wrong(user.email) for _ in range(7)] == ["wrong"] * 6 + ["wait"]
    with pytest.raises(RateLimited) as refused:
        sign_in(user.email)
    assert refused.value.retry_after >= 1


def test_unknown_address_waits_alike() -> None:
    email = an_address()
    assert [wrong(email) for _ in range(7)] == ["wrong"] * 6 + ["wait"]


def test_concurrent_guesses_are_counted() -> None:
    user = registered()
    outcomes = at_once([lambda: wrong(user.email)] * 20)
    assert outcomes.count("wrong") <= SIGN_INS_OF_PAIR.free + 1
    assert "signed in" not in outcomes


def test_right_password_resets_the_count_of_wrong_ones() -> None:
    user = registered()
    for _ in range(3):
        assert [wrong(user.email) for _ in range(4)] == ["wrong"] * 4
        assert sign_in(user.email)


def test_network_that_guesses_at_many_accounts_waits_and_others_do_not() -> None:
    user = registered()
    with called_from("192.0.2.1"):
        assert [wrong(an_address()) for _ in range(21)] == ["wrong"] * 21
        assert wrong(user.email) == "wait"
    with called_from("192.0.2.2"):
        assert sign_in(user.email)


def test_addresses_of_one_ipv6_network_count_together() -> None:
    limit = Limit("test", 1, 60)
    with called_from("2001:db8::1"):
        limit.take_for_address()
    with called_from("2001:db8::2:1"), pytest.raises(RateLimited):
        limit.take_for_address()
    with called_from("2001:db8:1::1"):
        limit.take_for_address()


def test_limit_starts_again_and_its_count_expires() -> None:
    limit = Limit("test", 2, 60)
    limit.take("a")
    limit.take("a")
    with pytest.raises(RateLimited) as refused:
        limit.take("a")
    assert 0 < refused.value.retry_after <= 60
    limit.take("b")
    keys = list(store.client().scan_iter(store.key("limit", "*")))
    assert all(0 < store.client().ttl(key) <= 60 for key in keys)
    store.client().delete(*keys)
    limit.take("a")


def test_count_that_lost_its_end_gets_one_again() -> None:
    limit = Limit("test", 5, 60)
    limit.take("a")
    (key,) = store.client().scan_iter(store.key("limit", "*"))
    store.client().persist(key)
    limit.take("a")
    assert 0 < store.client().ttl(key) <= 60


def test_limit_holds_at_once() -> None:
    limit = Limit("test", 5, 60)

    def take() -> bool:
        try:
            limit.take("somebody")
        except RateLimited:
            return False
        return True

    assert sum(at_once([take] * 20)) == 5


def test_refusal_has_the_time_to_wait_in_rest_and_graphql() -> None:
    from users.login import handler

    email = an_address()
    # The network addresses of the event below, and of Chalice's test client.
    for network in ("unknown", "127.0.0.1"):
        for _ in range(12):
            fail(SIGN_INS_OF_PAIR, f"{network} {email}")
        SIGN_INS_OF_PAIR.count(f"{network} {email}")
    credentials = {"email": email, "password": PASSWORD}
    response = handler(api_event(credentials), CONTEXT)
    status, envelope = answer_of(response)
    assert (status, envelope["error"]["code"]) == (429, "RATE_LIMITED")
    assert int(response["headers"]["Retry-After"]) > 30
    (error,) = graphql(LOGIN, i=credentials).errors
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfter"] >= 1


def test_calls_of_a_user_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Settings.model_validate({"calls_per_minute": 2})
    monkeypatch.setattr(quotas, "settings", lambda: two)
    user, other = as_principal(registered()), as_principal(registered())
    admit(user)
    admit(user)
    with pytest.raises(RateLimited):
        admit(user)
    admit(other)


@pytest.mark.usefixtures("no_redis")
def test_without_redis_sign_in_is_refused_with_503() -> None:
    from users.login import handler as login

    response = login(api_event({"email": an_address(), "password": PASSWORD}), CONTEXT)
    assert response["statusCode"] == 503
    assert response["headers"]["Retry-After"]
    assert "localhost" not in response["body"]
    assert "127.0.0.1" not in response["body"]


def test_without_redis_reads_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from users.get_user import handler

    token = token_of(as_principal(registered()))
    gone = a_redis_that_is_away()
    monkeypatch.setattr(store, "client", lambda: gone)
    monkeypatch.setattr(limits.resting, "_until", 0.0)
    event = api_event(
        headers={"Authorization": f"Bearer {token}"}, pathParameters={"user_id": "me"}
    )
    assert handler(event, CONTEXT)["statusCode"] == 200
    monkeypatch.setattr(limits.resting, "_until", 0.0)
