"""A message goes through one provider; the next is called only if the one before has not got it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.contract.project import ROOT
from tidings.platform.observability import metrics
from tidings.platform.providers import failover
from tidings.platform.providers.deadline import Deadline
from tidings.platform.providers.failover import (
    MOVES_ON,
    OUTCOMES,
    Kind,
    Provider,
    kind_of,
    send_by_first,
)
from tidings.platform.providers.failures import (
    CircuitOpen,
    PermanentFailure,
    TemporaryFailure,
    Tried,
    Undeliverable,
)

THROTTLED = TemporaryFailure("throttled")
# By kind; each is a failure that a provider of ours raises.
FAILURES: dict[Kind, list[Exception]] = {
    Kind.CIRCUIT_OPEN: [CircuitOpen("ses", 7.0)],
    Kind.PROVIDER: [
        THROTTLED,
        TemporaryFailure("unavailable"),
        TemporaryFailure("timeout"),
        TemporaryFailure("misconfigured"),
        TemporaryFailure("mailbox_busy", of_provider=False),
    ],
    Kind.UNCERTAIN: [TemporaryFailure("timeout", maybe_sent=True)],
    Kind.RECIPIENT: [
        Undeliverable("unknown_recipient"),
        TemporaryFailure("mailbox_busy", of_provider=False, of_recipient=True),
    ],
    Kind.MESSAGE: [PermanentFailure("rejected")],
    Kind.ERROR: [KeyError("x")],
}
EACH = [(kind, failure) for kind, failures in FAILURES.items() for failure in failures]


@pytest.fixture(autouse=True)
def no_circuits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call without circuit breakers: an integration test has them, with Redis."""

    @contextmanager
    def guarded(_: str) -> Iterator[None]:
        yield

    monkeypatch.setattr(failover, "guarded", guarded)
    monkeypatch.setattr(failover, "_counted", set())


class Calls:
    """Providers that answer as told, and the names of those that were called."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def provider(self, name: str, failure: Exception | None = None) -> Provider[str]:
        def send(_: Deadline) -> str:
            self.names.append(name)
            if failure is not None:
                raise failure
            return f"taken by {name}"

        return Provider(name, name, send)


@pytest.mark.parametrize(("kind", "failure"), EACH, ids=lambda each: str(each)[:30])
def test_next_provider_is_called_only_if_the_table_says_so(kind: Kind, failure: Exception) -> None:
    assert kind_of(failure) is kind
    calls = Calls()
    providers = [calls.provider("first", failure), calls.provider("second")]
    if MOVES_ON[kind]:
        answer, tried = send_by_first("email", providers)
        assert answer == "taken by second"
        assert tried == (Tried("first", failure.reason),)  # type: ignore[attr-defined]
        assert calls.names == ["first", "second"]
    else:
        with pytest.raises(type(failure)) as raised:
            send_by_first("email", providers)
        assert raised.value is failure
        assert calls.names == ["first"]


def test_docs_have_the_table() -> None:
    page = (ROOT / "docs" / "delivery.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (yes|no) \|$", page, re.MULTILINE)
    assert {Kind(name): answer == "yes" for name, answer in rows} == MOVES_ON
    assert set(FAILURES) == set(Kind)


def test_uncertain_failure_after_another_is_the_end() -> None:
    calls, uncertain = Calls(), TemporaryFailure("timeout", maybe_sent=True)
    providers = [
        calls.provider("first", TemporaryFailure("throttled")),
        calls.provider("second", uncertain),
        calls.provider("third"),
    ]
    with pytest.raises(TemporaryFailure) as raised:
        send_by_first("email", providers)
    assert raised.value is uncertain
    assert uncertain.tried == (Tried("first", "throttled"), Tried("second", "timeout"))
    assert calls.names == ["first", "second"]


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        ([CircuitOpen("a", 9.0), CircuitOpen("b", 3.0), CircuitOpen("c", 5.0)], 1),
        ([CircuitOpen("a", 9.0), TemporaryFailure("throttled"), CircuitOpen("c", 5.0)], 1),
        ([TemporaryFailure("throttled"), TemporaryFailure("unavailable")], 1),
    ],
    ids=["all open: the one that closes first", "a call before a circuit", "the last call"],
)
def test_failure_that_tells_most_is_raised(failures: list[Exception], told: int) -> None:
    calls = Calls()
    providers = [calls.provider(f"p{n}", each) for n, each in enumerate(failures)]
    with pytest.raises(TemporaryFailure) as raised:
        send_by_first("email", providers)
    assert raised.value is failures[told]
    assert [each.provider for each in raised.value.tried] == calls.names


def test_provider_that_would_not_have_its_whole_time_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer that comes too late makes a message uncertain, so it is tried again later."""
    moment = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: moment[0])

    def slow(seconds: float) -> Callable[[Deadline], str]:
        def send(_: Deadline) -> str:
            moment[0] += seconds
            raise TemporaryFailure("timeout")

        return send

    calls = Calls()
    last = calls.provider("last")
    assert send_by_first("email", [Provider("a", "a", slow(9.0)), last]).answer == "taken by last"
    with pytest.raises(TemporaryFailure) as raised:
        send_by_first("email", [Provider("a", "a", slow(9.0)), Provider("b", "b", slow(9.0)), last])
    assert [each.provider for each in raised.value.tried] == ["a", "b"]
    assert calls.names == ["last"]


def test_calls_are_counted_by_provider_and_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: dict[tuple[str, ...], float] = {}

    def count(name: str, labels: dict[str, str], amount: float = 1.0) -> None:
        assert name == metrics.PROVIDER_CALLS
        key = tuple(labels.values())
        counted[key] = counted.get(key, 0) + amount

    monkeypatch.setattr(metrics, "count", count)
    calls = Calls()
    providers = [calls.provider("ses", TemporaryFailure("throttled")), calls.provider("smtp")]
    for _ in range(2):
        send_by_first("email", providers)
    assert {key: number for key, number in counted.items() if number} == {
        ("email", "ses", "provider"): 2,
        ("email", "smtp", "accepted"): 2,
    }
    assert len(counted) == 2 * len(OUTCOMES)
