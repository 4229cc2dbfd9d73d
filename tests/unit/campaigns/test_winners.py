"""The winner of an experiment, and the split of its audience."""

from collections import Counter

import pytest

from tidings.campaigns.deciding import Winner, winner_of
from tidings.campaigns.experiments import variant_for
from tidings.campaigns.models import Campaign, CampaignExperiment, CampaignVariant
from tidings.campaigns.states import WinnerRule, WonBy
from tidings.delivery.responses import Responses
from tidings.platform.security import signatures
from tidings.platform.timing.clock import new_id

KEYS = ("a", "b", "c")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "delivery_key", lambda: "k" * 32)


@pytest.mark.parametrize(
    ("rule", "responses", "winner"),
    [
        # Shares of the tracked mails decide, not numbers.
        (
            WinnerRule.OPENED,
            {"a": Responses(100, 20, 9), "b": Responses(10, 5, 1)},
            Winner("b", WonBy.MOST),
        ),
        (
            WinnerRule.CLICKED,
            {"a": Responses(100, 20, 9), "c": Responses(100, 30, 2)},
            Winner("a", WonBy.MOST),
        ),
        (
            WinnerRule.OPENED,
            {"b": Responses(100, 20, 0), "c": Responses(50, 10, 0)},
            Winner("b", WonBy.TIE),
        ),
        (
            WinnerRule.OPENED,
            {"b": Responses(100, 5, 0), "c": Responses(100, 4, 0)},
            Winner("a", WonBy.TOO_FEW),
        ),
        (
            WinnerRule.CLICKED,
            {"b": Responses(100, 90, 9), "c": Responses(100, 90, 0)},
            Winner("a", WonBy.TOO_FEW),
        ),
        (WinnerRule.OPENED, {}, Winner("a", WonBy.TOO_FEW)),
    ],
)
def test_winner_has_the_largest_share_of_responses(
    rule: WinnerRule, responses: dict[str, Responses], winner: Winner
) -> None:
    assert winner_of(KEYS, responses, rule) == winner


@pytest.mark.parametrize(("variants", "share"), [(2, 20), (3, 50), (4, 1)])
def test_audience_is_split_evenly_and_always_alike(variants: int, share: int) -> None:
    campaign = Campaign(
        id=new_id(),
        experiment=CampaignExperiment(
            variants=[CampaignVariant(key=key) for key in "abcd"[:variants]],
            share_percent=share,
            decide_by="opened",
        ),
    )
    people = [f"{number:024x}" for number in range(5_000)]
    chosen = {each: variant_for(campaign, each) for each in people}
    assert chosen == {each: variant_for(campaign, each) for each in people}
    counts = Counter(chosen.values())
    assert set(counts) == {None, *"abcd"[:variants]}
    expected = len(people) * share / 100 / variants
    for key in "abcd"[:variants]:
        assert abs(counts[key] - expected) < 6 * expected**0.5 + 1


def test_campaigns_split_people_differently() -> None:
    experiment = CampaignExperiment(
        variants=[CampaignVariant(key=key) for key in "ab"], share_percent=50, decide_by="opened"
    )
    first, second = (Campaign(id=new_id(), experiment=experiment) for _ in range(2))
    people = [new_id() for _ in range(200)]
    assert [variant_for(first, each) for each in people] != [
        variant_for(second, each) for each in people
    ]
