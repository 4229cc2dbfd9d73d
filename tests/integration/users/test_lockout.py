"""Password guesses slow down their own networks, and never lock out an account's owner."""

from collections.abc import Callable, Iterator

import pytest

from tests.integration.builders import an_address
from tests.integration.users.people import (
    account,
    as_principal,
    event_of,
    new,
    registered,
    reset_code,
    sign_in,
)
from tests.integration.users.waits import as_deployed
from tidings.platform.context import called_from
from tidings.platform.errors import RateLimited
from tidings.platform.security import store
from tidings.users import throttle, trust
from tidings.users.errors import WrongCredentials
from tidings.users.models import User
from tidings.users.operations import delete_account
from tidings.users.password_reset import request_password_reset, reset_password
from tidings.users.registration import register_user
from tidings.users.schemas import (
    Login,
    RefreshSession,
    RequestPasswordReset,
    ResetPassword,
    Session,
)
from tidings.users.sessions import login, refresh_session

pytestmark = pytest.mark.usefixtures("keys")
HOME, CAFE, STRANGER = "192.0.2.1", "192.0.2.2", "203.0.113.9"
NEW = "another fine passphrase"


def sign_in_with(email: str, device_token: str | None, password: str | None = None) -> Session:
    content = {"email": email, "password": password or "correct horse"}
    return login(Login.model_validate(content | {"device_token": device_token}))


def outcome(call: Callable[[], object]) -> str:
    try:
        call()
    except WrongCredentials:
        return "wrong"
    except RateLimited:
        return "wait"
    return "signed in"


def guess(email: str, times: int, network: str = STRANGER) -> list[str]:
    with called_from(network):
        return [outcome(lambda: sign_in(email, "not the password")) for _ in range(times)]


def guess_from_everywhere(email: str) -> None:
    """Guess from this number of networks, so that networks unknown to the account have to wait."""
    for number in range(throttle.SIGN_INS_OF_ACCOUNT.free + 1):
        assert guess(email, 1, f"198.51.100.{number}") == ["wrong"]
    assert guess(email, 1, "198.51.100.250") == ["wait"]


@pytest.fixture
def at_home() -> Iterator[None]:
    with called_from(HOME):
        yield


def a_person_at_home() -> User:
    with called_from(HOME):
        return registered()


def test_guesses_of_one_network_do_not_slow_down_others() -> None:
    user = a_person_at_home()
    assert guess(user.email, 40)[-1] == "wait"
    for network in (HOME, CAFE):
        with called_from(network):
            assert outcome(lambda: sign_in(user.email)) == "signed in"


def test_guesses_of_one_network_wait_also_with_the_right_password() -> None:
    user = a_person_at_home()
    guess(user.email, 10)
    with called_from(STRANGER):
        assert outcome(lambda: sign_in(user.email)) == "wait"


def test_guesses_of_many_networks_slow_down_unknown_ones_for_at_most_a_minute() -> None:
    user = a_person_at_home()
    guess_from_everywhere(user.email)
    for _ in range(10):  # each as if the previous wait had passed
        store.client().delete(throttle.SIGN_INS_OF_ACCOUNT._keys(user.email)[1])
        throttle.SIGN_INS_OF_ACCOUNT.count(user.email)
    with called_from(CAFE), pytest.raises(RateLimited) as refused:
        sign_in(user.email)
    assert as_deployed(refused.value.retry_after) == 60


def test_guesses_of_many_networks_do_not_slow_down_a_known_one() -> None:
    user = a_person_at_home()
    with called_from(CAFE):
        sign_in(user.email)
    guess_from_everywhere(user.email)
    for network in (HOME, CAFE):
        with called_from(network):
            assert outcome(lambda: sign_in(user.email)) == "signed in"


def test_known_device_signs_in_from_anywhere_despite_guesses() -> None:
    user = a_person_at_home()
    with called_from(HOME):
        token = sign_in(user.email).device_token
    guess_from_everywhere(user.email)
    guess(user.email, 40)
    for _ in range(200):
        throttle.sign_ins_of_address().count(STRANGER)
    for network in (CAFE, STRANGER):
        with called_from(network):
            session = sign_in_with(user.email, token)
    assert session.device_token == token


def test_guesses_with_a_device_token_wait_separately() -> None:
    user = a_person_at_home()
    with called_from(HOME):
        stolen, other = sign_in(user.email).device_token, sign_in(user.email).device_token
    with called_from(STRANGER):
        outcomes = [outcome(lambda: sign_in_with(user.email, stolen, "guess")) for _ in range(8)]
    assert outcomes == ["wrong"] * 6 + ["wait"] * 2
    with called_from(STRANGER):
        assert outcome(lambda: sign_in_with(user.email, stolen)) == "wait"
    with called_from(HOME):
        assert outcome(lambda: sign_in_with(user.email, other)) == "signed in"
        assert outcome(lambda: sign_in(user.email)) == "signed in"


@pytest.mark.parametrize(
    "change",
    [lambda token: token[:-1], lambda token: f"x{token}", lambda token: token.upper(),
     lambda _: "", lambda _: ".", lambda _: "größe.größe", lambda _: "a" * 200],
)  # fmt: skip
def test_forged_token_makes_no_known_device(change: Callable[[str], str]) -> None:
    user = a_person_at_home()
    with called_from(HOME):
        token = sign_in(user.email).device_token
    assert token
    guess_from_everywhere(user.email)
    with called_from(CAFE):
        assert outcome(lambda: sign_in_with(user.email, change(token))) == "wait"


def test_device_of_one_account_is_unknown_to_another() -> None:
    user, stranger = a_person_at_home(), registered()
    token = sign_in(stranger.email).device_token
    guess_from_everywhere(user.email)
    with called_from(CAFE):
        assert outcome(lambda: sign_in_with(user.email, token)) == "wait"


def test_refresh_gives_no_device_token() -> None:
    session = sign_in(registered().email)
    again = RefreshSession.model_validate({"refresh_token": session.refresh_token})
    assert session.device_token
    assert refresh_session(again).device_token is None


def reset(user: User) -> str:
    values = {"email": user.email, "code": reset_code(user), "password": NEW}
    return reset_password(ResetPassword.model_validate(values)).device_token


def test_owner_can_sign_in_after_a_reset_despite_guesses() -> None:
    user = a_person_at_home()
    guess_from_everywhere(user.email)
    guess(user.email, 40, CAFE)
    with called_from(CAFE):
        token = reset(user)
        assert outcome(lambda: sign_in(user.email, NEW)) == "signed in"
    guess_from_everywhere(user.email)
    guess(user.email, 40, CAFE)
    with called_from(CAFE):
        assert outcome(lambda: sign_in(user.email, NEW)) == "wait"
        assert outcome(lambda: sign_in_with(user.email, token, NEW)) == "signed in"


def test_new_password_makes_old_devices_and_networks_unknown() -> None:
    user = a_person_at_home()
    with called_from(STRANGER):
        token = sign_in(user.email).device_token
    with called_from(HOME):
        reset(user)
    guess_from_everywhere(user.email)
    with called_from(STRANGER):
        assert outcome(lambda: sign_in_with(user.email, token, NEW)) == "wait"
    with called_from(HOME):
        assert outcome(lambda: sign_in(user.email, NEW)) == "signed in"


def test_codes_of_the_owner_work_despite_guesses_and_requests() -> None:
    user = a_person_at_home()
    with called_from(STRANGER):
        for _ in range(15):
            request_password_reset(RequestPasswordReset(email=user.email))
        for _ in range(30):
            values = {"email": user.email, "code": "0123456789", "password": NEW}
            assert outcome_of_reset(values) in {"wrong", "wait"}
    with called_from(HOME):
        request_password_reset(RequestPasswordReset(email=user.email))
        code = event_of(user, "user.password_reset_requested")["data"]["reset_code"]
        values = {"email": user.email, "code": code, "password": NEW}
        assert outcome_of_reset(values) == "reset"
        assert sign_in(user.email, NEW)


def outcome_of_reset(values: dict[str, str]) -> str:
    try:
        reset_password(ResetPassword.model_validate(values))
    except RateLimited:
        return "wait"
    except Exception as error:  # noqa: BLE001
        return "wrong" if type(error).__name__ == "WrongCode" else repr(error)
    return "reset"


def test_unknown_and_known_addresses_wait_alike_in_each_operation() -> None:
    user, unknown = a_person_at_home(), an_address()
    for network in (HOME, STRANGER):
        assert guess(user.email, 12, network) == guess(unknown, 12, network)
    for number in range(30):
        network = f"198.51.100.{number}"
        assert guess(user.email, 1, network) == guess(unknown, 1, network)
    # Wrong passwords do not distinguish a known network from others.
    store.client().delete(throttle.SIGN_INS_OF_PAIR._keys(f"{HOME} {user.email}")[1])
    store.client().delete(throttle.SIGN_INS_OF_PAIR._keys(f"{HOME} {unknown}")[1])
    assert guess(user.email, 1, HOME) == guess(unknown, 1, HOME) == ["wait"]


def test_registration_of_a_known_address_makes_no_network_known_to_it() -> None:
    user = a_person_at_home()
    with called_from(STRANGER):
        register_user(new(user.email, password="another password"))
    assert not trust.knows_network(account(user.email), STRANGER)
    assert trust.knows_network(account(user.email), HOME)


def test_deleted_account_knows_no_device() -> None:
    user = a_person_at_home()
    with called_from(HOME):
        token = sign_in(user.email).device_token
    delete_account(user.id, caller=as_principal(user))
    gone = User.objects.get(pk=user.id)
    assert trust.device_of(gone, token) is None
    assert not trust.knows_network(gone, HOME)
    with called_from(HOME):
        assert outcome(lambda: sign_in_with(user.email, token)) == "wrong"


def test_keys_of_the_limits_contain_no_personal_data() -> None:
    user = a_person_at_home()
    guess(user.email, 3)
    with called_from(HOME):
        sign_in(user.email)
    keys = " ".join(store.client().scan_iter(store.key("*"), count=1000))
    for told in (user.email, HOME, STRANGER):
        assert told not in keys
