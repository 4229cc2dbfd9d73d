import pytest

from tidings_local.bridge.backoff import Backoff


def full() -> float:
    return 1.0


def test_doubles_up_to_the_longest() -> None:
    backoff = Backoff(0.5, 30.0, chance=full)
    assert [backoff.next() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_starts_over_after_a_success() -> None:
    backoff = Backoff(0.5, 30.0, chance=full)
    backoff.next()
    backoff.next()
    backoff.reset()
    assert backoff.next() == 0.5


def test_caller_may_ask_for_less() -> None:
    backoff = Backoff(4.0, 30.0, chance=full)
    backoff.next()
    assert backoff.next(at_most=5.0) == 5.0


@pytest.mark.parametrize(("chance", "delay"), [(0.0, 2.0), (0.5, 3.0)])
def test_jitter_takes_off_half_at_most(chance: float, delay: float) -> None:
    assert Backoff(4.0, 30.0, chance=lambda: chance).next() == delay


def test_long_row_of_failures_causes_no_overflow() -> None:
    backoff = Backoff(0.5, 30.0, chance=full)
    assert {backoff.next() for _ in range(2000)} >= {30.0}
