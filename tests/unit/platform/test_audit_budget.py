"""A caller without rights writes a bounded number of refusals into the audit trail."""

from tidings.platform.auditing.budget import SECONDS, Budget


def test_subjects_have_a_number_of_times_in_each_minute() -> None:
    at = 0.0
    budget = Budget(2, clock=lambda: at)
    assert [budget.allows("a") for _ in range(3)] == [True, True, False]
    assert budget.allows("b")
    at = SECONDS
    assert budget.allows("a")
