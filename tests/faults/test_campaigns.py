"""Kill -9 in the middle of a campaign to 5,000 people: each is told, and told once."""

import pytest

from tests.crowd import begin_campaign, crowd_of
from tests.e2e.shop import Shop
from tests.faults.stack import kill, listening_on, port_of, repair
from tests.waiting import eventually

PEOPLE = 5_000
KILL_AFTER = 1_000
# The relay of the outbox runs every minute.
TOLD_SECONDS = 150


@pytest.mark.parametrize("victim", ["tidings-campaigns", "bridge", "mongodb"])
def test_killed_in_the_middle_of_5000_recipients(victim: str, admin: Shop) -> None:
    with crowd_of(PEOPLE) as crowd:
        campaign_id = begin_campaign(admin)
        eventually(lambda: crowd.told(campaign_id) >= KILL_AFTER, seconds=60)
        if victim == "tidings-campaigns":
            assert kill_function(victim) >= 1
        else:
            kill(victim)
            repair()
        assert crowd.told(campaign_id) < PEOPLE
        eventually(
            lambda: crowd.is_over(campaign_id),
            seconds=TOLD_SECONDS,
            what=f"the end of the campaign after {victim}",
        )
        assert crowd.told_each(campaign_id) == dict.fromkeys(crowd.user_ids, 1)


def kill_function(name: str) -> int:
    """Kill -9 the processes of a function, which are LocalStack's children; return how many."""
    found = [
        child
        for localstack in listening_on(port_of("localstack"))
        for child in localstack.children(recursive=True)
        if child.environ().get("AWS_LAMBDA_FUNCTION_NAME") == name
    ]
    for process in found:
        process.kill()
    return len(found)
