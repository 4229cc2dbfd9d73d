"""The table of scheduled rules is up to date, and its schedules can be read."""

import pytest

from infra.contracts.rules_table import FILE, table
from infra.contracts.template import scheduled_rules
from tests.contract.project import functions
from tidings.platform.timing.schedules import schedule_of


def test_generated_table_is_up_to_date() -> None:
    assert FILE.read_text() == table(), "run `make contracts`"


def test_every_rule_of_the_template_is_in_the_table() -> None:
    with_schedule = [each for each in functions().values() if each.events_of("Schedule")]
    assert len(scheduled_rules()) == len(with_schedule)


@pytest.mark.parametrize("rule", scheduled_rules(), ids=lambda each: each.name)
def test_schedule_can_be_read(rule: object) -> None:
    schedule_of(rule.schedule)  # type: ignore[attr-defined]
