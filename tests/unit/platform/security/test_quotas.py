"""The table of call limits, and what responses tell about them."""

import time

import pytest
from cost import CALL_COST, CHANGE_COST, MAX_COST, calls_of

from tidings.platform.entry.answers import completed
from tidings.platform.entry.cors import EXPOSED
from tidings.platform.errors import RateLimited
from tidings.platform.observability import metrics
from tidings.platform.security import quotas
from tidings.platform.security.auth import Principal, Role
from tidings.platform.security.limits import Counted
from tidings.platform.security.quotas import QUOTAS, CallerKind, Quota, quota_of
from tidings.platform.settings import Settings

CUSTOMER = QUOTAS[CallerKind.CUSTOMER]


@pytest.fixture(autouse=True)
def three_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    three = Settings.model_validate({"calls_per_minute": 3, "anonymous_calls_per_minute": 3})
    monkeypatch.setattr(quotas, "settings", lambda: three)
    quotas.begin()
    quotas.forget_refused()


def settled(taken: int | None, left: int = 40, quota: Quota = CUSTOMER) -> dict[str, str]:
    quotas.settle(quota, "ada", Counted(taken, left))
    return quotas.headers()


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        (None, CallerKind.ANONYMOUS),
        (Role.CUSTOMER, CallerKind.CUSTOMER),
        (Role.OPERATOR, CallerKind.OPERATOR),
        (Role.ADMIN, CallerKind.OPERATOR),
        (Role.SERVICE, CallerKind.SERVICE),
    ],
)
def test_each_caller_has_the_quota_of_its_kind(role: Role | None, kind: CallerKind) -> None:
    principal = None if role is None else Principal(user_id="a", role=role)
    assert quota_of(principal).kind is kind


def test_every_kind_has_a_setting() -> None:
    assert QUOTAS.keys() == set(CallerKind)
    assert {each.setting for each in QUOTAS.values()} <= Settings.model_fields.keys()


def test_only_the_quota_of_addresses_is_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    fifty = Settings.model_validate({"address_allowance": 50})
    monkeypatch.setattr(quotas, "settings", lambda: fifty)
    assert QUOTAS[CallerKind.ANONYMOUS].calls == 600 * 50
    assert QUOTAS[CallerKind.CUSTOMER].calls == 6_000


def test_headers_have_the_form_of_the_draft() -> None:
    told = settled(1)
    assert told == {
        "RateLimit-Policy": '"customer";q=3;w=60',
        "RateLimit": '"customer";r=2;t=40',
    }


def test_call_beyond_the_quota_is_refused_and_told_when_to_come_again() -> None:
    assert settled(3)["RateLimit"] == '"customer";r=0;t=40'
    with pytest.raises(RateLimited) as refused:
        settled(4, left=39)
    assert refused.value.retry_after == 39
    assert quotas.headers()["RateLimit"] == '"customer";r=0;t=39'


def test_refused_caller_is_known_until_the_window_ends() -> None:
    with pytest.raises(RateLimited):
        settled(4, left=39)
    quotas.begin()
    assert quotas.headers() == {}
    with pytest.raises(RateLimited) as refused:
        quotas.refuse_known(CUSTOMER, "ada")
    assert 38 <= refused.value.retry_after <= 39
    assert quotas.headers()["RateLimit"].startswith('"customer";r=0;t=3')
    quotas.refuse_known(CUSTOMER, "bob")
    quotas.refuse_known(QUOTAS[CallerKind.SERVICE], "ada")


def test_refused_caller_is_forgotten_when_the_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RateLimited):
        settled(4, left=39)
    later = time.monotonic() + 40
    monkeypatch.setattr(time, "monotonic", lambda: later)
    quotas.refuse_known(CUSTOMER, "ada")


def test_few_refused_callers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "MAX_REMEMBERED", 2)
    for name in "abcde":
        with pytest.raises(RateLimited):
            quotas.settle(CUSTOMER, name, Counted(4, 39))
    assert len(quotas._refused_until) <= 2


@pytest.mark.parametrize("counted", [None, Counted(None, 60)])
def test_uncounted_call_passes_and_is_noted(
    counted: Counted | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[object] = []
    monkeypatch.setattr(metrics, "count", lambda *what: noted.append(what))
    quotas.settle(CUSTOMER, "ada", counted)
    assert quotas.headers() == {}
    assert noted == [("tidings_calls_not_counted", {"caller": "customer"})]


def test_quota_of_zero_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    none = Settings.model_validate({"calls_per_minute": 0})
    monkeypatch.setattr(quotas, "settings", lambda: none)
    assert settled(1_000_000) == {}


def test_every_response_has_the_headers_and_pages_may_read_them() -> None:
    told = settled(1)
    assert completed({}, None).items() >= told.items()
    assert told.keys() <= set(EXPOSED)


@pytest.mark.parametrize(
    ("cost", "calls"),
    [(0, 1), (1, 1), (CHANGE_COST, 1), (CHANGE_COST + 20, 1), (5_500, 5), (MAX_COST, 10)],
)
def test_document_counts_by_its_cost(cost: int, calls: int) -> None:
    assert calls_of(cost) == calls
    assert CALL_COST == CHANGE_COST
