"""Kill functions during a campaign to 5,000 people: each person is notified once."""

import pytest

from tests.crowd import begin_campaign, crowd_of
from tests.e2e.shop import Shop
from tests.faults.stack import function_processes, kill, repair
from tests.waiting import eventually

pytestmark = pytest.mark.faults

PEOPLE = 5_000
KILL_AFTER = 1_000
# The relay of the outbox runs every minute.
TOLD_SECONDS = 300


@pytest.mark.parametrize("victim", ["tidings-campaigns", "bridge", "mongodb"])
def test_kill_during_a_campaign_to_5000_people(victim: str, admin: Shop) -> None:
    with crowd_of(PEOPLE) as crowd:
        campaign_id = begin_campaign(admin, crowd)
        eventually(lambda: crowd.told(campaign_id) >= KILL_AFTER, seconds=60)
        assert crowd.told(campaign_id) < PEOPLE  # later, during a repair, it may go on to its end
        if victim == "tidings-campaigns":
            processes = function_processes(victim)
            assert processes
            for process in processes:
                process.kill()
        else:
            kill(victim)
            repair()
        eventually(
            lambda: crowd.is_over(campaign_id),
            seconds=TOLD_SECONDS,
            what=f"the end of the campaign after {victim}",
        )
        assert crowd.told_each(campaign_id) == dict.fromkeys(crowd.user_ids, 1)
