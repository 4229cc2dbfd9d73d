"""Who guesses is slowed down, then locked out; without Redis nobody signs in."""

from collections.abc import Iterator

import pytest
import redis

from tests.integration.builders import CONTEXT, PASSWORD, an_address, at_once, graphql
from tests.integration.users.people import as_principal, registered, sign_in
from tests.unit.platform.builders import answer_of, api_event
from tidings.platform import cache, limits
from tidings.platform.auth import issue_access_token
from tidings.platform.context import called_from
from tidings.platform.errors import RateLimited
from tidings.platform.limits import Limit, admit
from tidings.platform.settings import Settings
from tidings.users.errors import WrongCredentials
from tidings.users.throttle import LOCK_SECONDS, SIGN_INS_OF_ACCOUNT, Guard

pytestmark = pytest.mark.usefixtures("keys")
LOGIN = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }"


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Redis is away: nothing listens on that port."""
    gone = redis.Redis(host="127.0.0.1", port=1, decode_responses=True)
    monkeypatch.setattr(cache, "client", lambda: gone)
    monkeypatch.setattr(limits, "_resting_until", 0.0)
    yield
    limits._resting_until = 0.0


def fail(guard: Guard, subject: str) -> int:
    """Fail as if no wait stood in the way; return the seconds that the next attempt waits."""
    guard.fail(subject)
    try:
        guard.check(subject)
    except RateLimited as refused:
        cache.client().delete(guard._keys(subject)[1])
        return refused.retry_after
    return 0


def wrong(email: str) -> str:
    try:
        sign_in(email, "not the password")
    except WrongCredentials:
        return "wrong"
    except RateLimited:
        return "wait"
    return "signed in"


def test_waits_double_and_end_in_a_lock() -> None:
    guard = Guard("test", free=2, lock_after=6)
    assert [fail(guard, "somebody") for _ in range(7)] == [
        0,
        0,
        1,
        2,
        4,
        LOCK_SECONDS,
        LOCK_SECONDS,
    ]
    assert fail(guard, "somebody else") == 0


def test_wrong_passwords_make_the_right_one_wait() -> None:
    user = registered()
    assert [wrong(user.email) for _ in range(7)] == ["wrong"] * 6 + ["wait"]
    with pytest.raises(RateLimited) as refused:
        sign_in(user.email)
    assert refused.value.retry_after >= 1


def test_unknown_address_waits_alike() -> None:
    email = an_address()
    assert [wrong(email) for _ in range(7)] == ["wrong"] * 6 + ["wait"]


def test_guesses_at_once_are_counted() -> None:
    user = registered()
    outcomes = at_once([lambda: wrong(user.email)] * 20)
    assert outcomes.count("wrong") <= SIGN_INS_OF_ACCOUNT.free + 1
    assert "signed in" not in outcomes


def test_right_password_forgets_the_wrong_ones() -> None:
    user = registered()
    for _ in range(3):
        assert [wrong(user.email) for _ in range(4)] == ["wrong"] * 4
        assert sign_in(user.email)


def test_address_that_guesses_at_many_accounts_waits_others_do_not() -> None:
    user = registered()
    with called_from("192.0.2.1"):
        assert [wrong(an_address()) for _ in range(21)] == ["wrong"] * 21
        assert wrong(user.email) == "wait"
    with called_from("192.0.2.2"):
        assert sign_in(user.email)


def test_addresses_of_one_ipv6_network_are_one() -> None:
    limit = Limit("test", 1, 60)
    with called_from("2001:db8::1"):
        limit.take_for_address()
    with called_from("2001:db8::2:1"), pytest.raises(RateLimited):
        limit.take_for_address()
    with called_from("2001:db8:1::1"):
        limit.take_for_address()


def test_limit_begins_anew_and_its_count_expires() -> None:
    limit = Limit("test", 2, 60)
    limit.take("a")
    limit.take("a")
    with pytest.raises(RateLimited) as refused:
        limit.take("a")
    assert 0 < refused.value.retry_after <= 60
    limit.take("b")
    keys = list(cache.client().scan_iter(cache.key("limit", "*")))
    assert all(0 < cache.client().ttl(key) <= 60 for key in keys)
    cache.client().delete(*keys)
    limit.take("a")


def test_count_that_lost_its_end_gets_one_again() -> None:
    limit = Limit("test", 5, 60)
    limit.take("a")
    (key,) = cache.client().scan_iter(cache.key("limit", "*"))
    cache.client().persist(key)
    limit.take("a")
    assert 0 < cache.client().ttl(key) <= 60


def test_limit_holds_at_once() -> None:
    limit = Limit("test", 5, 60)

    def take() -> bool:
        try:
            limit.take("somebody")
        except RateLimited:
            return False
        return True

    assert sum(at_once([take] * 20)) == 5


def test_refusal_says_when_to_come_back_in_rest_and_graphql() -> None:
    from users.login import handler

    email = an_address()
    for _ in range(6):
        wrong(email)
    credentials = {"email": email, "password": PASSWORD}
    response = handler(api_event(credentials), CONTEXT)
    status, envelope = answer_of(response)
    assert (status, envelope["error"]["code"]) == (429, "RATE_LIMITED")
    assert int(response["headers"]["Retry-After"]) >= 1
    (error,) = graphql(LOGIN, i=credentials).errors
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfter"] >= 1


def test_calls_of_a_user_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Settings.model_validate({"calls_per_minute": 2})
    monkeypatch.setattr(limits, "settings", lambda: two)
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

    token = issue_access_token(as_principal(registered()))
    gone = redis.Redis(host="127.0.0.1", port=1, decode_responses=True)
    monkeypatch.setattr(cache, "client", lambda: gone)
    monkeypatch.setattr(limits, "_resting_until", 0.0)
    event = api_event(
        headers={"Authorization": f"Bearer {token}"}, pathParameters={"user_id": "me"}
    )
    assert handler(event, CONTEXT)["statusCode"] == 200
    monkeypatch.setattr(limits, "_resting_until", 0.0)
