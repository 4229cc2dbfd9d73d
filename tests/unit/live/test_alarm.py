"""An alarm wakes a task for single work at once, and at intervals for all of it."""

import asyncio
import time

import pytest

from tidings_live.alarm import Alarm

LIMIT = 30.0


def an_alarm(seconds: float) -> Alarm:
    """Return an alarm for which everything was done just now."""
    alarm = Alarm(lambda: seconds)
    with alarm.doing_all():
        pass
    return alarm


def waited(alarm: Alarm) -> None:
    asyncio.run(asyncio.wait_for(alarm.wait(), LIMIT))


def test_everything_is_due_at_the_beginning() -> None:
    alarm = Alarm(lambda: 3600)
    waited(alarm)
    assert alarm.is_all_due


def test_single_work_ends_the_wait_and_is_not_all() -> None:
    alarm = an_alarm(3600)
    alarm.ring()
    waited(alarm)
    assert not alarm.is_all_due


def test_single_work_does_not_postpone_everything() -> None:
    alarm = an_alarm(0.3)

    async def until_all_is_due() -> None:
        while not alarm.is_all_due:
            alarm.ring()
            await alarm.wait()
            await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(until_all_is_due(), LIMIT))


def test_wait_ends_when_everything_is_due() -> None:
    alarm, began = an_alarm(0.05), time.monotonic()
    waited(alarm)
    assert time.monotonic() - began < LIMIT
    assert alarm.is_all_due


def test_asking_for_all_makes_it_due_until_it_was_done() -> None:
    alarm = an_alarm(3600)
    alarm.ring_for_all()
    waited(alarm)
    assert alarm.is_all_due
    with alarm.doing_all():
        pass
    assert not alarm.is_all_due


def test_asking_for_all_while_it_is_done_counts_again() -> None:
    alarm = an_alarm(3600)
    with alarm.doing_all():
        alarm.ring_for_all()
    waited(alarm)
    assert alarm.is_all_due


def test_interval_begins_again_after_a_failure() -> None:
    alarm = Alarm(lambda: 3600)
    with pytest.raises(ValueError, match="away"), alarm.doing_all():
        raise ValueError("away")
    assert not alarm.is_all_due
