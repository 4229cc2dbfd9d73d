import pytest
import redis

from tests.unit.platform.builders import CUSTOMER_ID
from tidings.platform.context import called_from, caller_address
from tidings.platform.entry.requests import source_address
from tidings.platform.security import limits, store
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import Principal, Role
from tidings.platform.security.limits import Limit, digest, network_of

CUSTOMER = Principal(user_id=CUSTOMER_ID, role=Role.CUSTOMER)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        (None, "unknown"),
        ("", "unknown"),
        ("192.0.2.7, 10.0.0.1", "unknown"),
        ("x" * 1000, "unknown"),
    ],
)
def test_address_is_reduced_to_its_network(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_keys_hold_no_personal_data() -> None:
    assert "ada" not in digest("ada@example.com")
    assert len(digest("x" * 1_000_000)) == len(digest("\ud800")) == 32


def test_address_is_that_of_api_gateway_and_not_of_a_header() -> None:
    event = {
        "headers": {"X-Forwarded-For": "10.0.0.1"},
        "requestContext": {"identity": {"sourceIp": "192.0.2.7"}},
    }
    assert source_address(event) == "192.0.2.7"
    for without in ({}, {"requestContext": None}, {"requestContext": {"identity": None}}):
        assert source_address(without) is None


def test_address_is_available_within_the_request_only() -> None:
    with called_from("192.0.2.7"):
        assert caller_address() == "192.0.2.7"
    assert caller_address() is None


def test_without_redis_callers_are_admitted_and_redis_is_asked_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def gone() -> None:
        asked.append(1)
        raise redis.ConnectionError

    monkeypatch.setattr(store, "client", gone)
    for _ in range(3):
        admit(CUSTOMER)
    assert len(asked) == 1
    monkeypatch.setattr(limits.resting, "_until", 0.0)
    admit(CUSTOMER)
    assert len(asked) == 2


def test_without_redis_sensitive_calls_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(store, "client", gone)
    with pytest.raises(redis.ConnectionError):
        Limit("test", 1, 60).take("somebody")
