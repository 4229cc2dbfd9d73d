"""A part of the audience gets variants; the winner goes to all others, each person once."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from campaigns.run_due_campaigns import handler as rule
from pydantic import ValidationError

from tests.integration.builders import CONTEXT, Queues, a_reader, at_once
from tests.integration.campaigns.builders import (
    OPERATOR,
    a_campaign,
    begun,
    customers,
    drafted,
    edited,
    state_of,
    told,
    work_off,
)
from tests.integration.notifications.builders import Provider
from tidings.campaigns import expanding
from tidings.campaigns.copying import copy_campaign
from tidings.campaigns.deciding import choose_due_winners
from tidings.campaigns.errors import (
    CampaignNotFound,
    EditRefused,
    ExperimentOfWeekly,
    NoWinnerAwaited,
    UnknownTemplate,
    UnknownVariant,
    VariableMissing,
    WaitNotAsked,
)
from tidings.campaigns.expanding import expand_campaign
from tidings.campaigns.experiments import variant_for
from tidings.campaigns.models import Campaign
from tidings.campaigns.operations import pause_campaign, resume_campaign, stop_campaign
from tidings.campaigns.queries import get_campaign, preview_campaign
from tidings.campaigns.schemas import (
    CampaignView,
    ChooseCampaignWinner,
    CopyCampaign,
    CreateCampaign,
    SendCampaignTest,
)
from tidings.campaigns.states import CampaignState, RunPhase, WonBy
from tidings.campaigns.testing import send_campaign_test
from tidings.campaigns.winners import choose_campaign_winner
from tidings.delivery.delivering import deliver
from tidings.delivery.models import Channel, MailResponse, Notification
from tidings.delivery.states import command_for
from tidings.platform.messaging import outbox
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import new_id, now

VARIANTS = [{"variables": {"message": "Short."}}, {"variables": {"message": "Long."}}]
TESTED: dict[str, Any] = {"variants": VARIANTS, "share_percent": 50, "decide_by": "opened"}
BY_OPERATOR: dict[str, Any] = TESTED | {"decide_by": "operator"}
# So many that each variant has some of them, whatever their ids are.
PEOPLE = 60


def after_test(queues: Queues, experiment: dict[str, Any] = TESTED, **more: Any) -> CampaignView:
    """Return a campaign whose test is over."""
    campaign = begun(experiment=experiment, variables={"message": "As ever."}, **more)
    work_off(queues)
    return campaign


def run_of(campaign_id: str) -> Any:
    return Campaign.objects.get(pk=campaign_id).run


def texts_of(campaign_id: str) -> Counter[str]:
    return Counter(each.body for each in Notification.objects(campaign_id=campaign_id))


def chosen(campaign_id: str, variant: str = "b") -> CampaignView:
    wanted = ChooseCampaignWinner(variant=variant)
    return choose_campaign_winner(campaign_id, wanted, caller=OPERATOR)


def opened(campaign_id: str, variant: str, *, tracked: int, opened: int) -> None:
    """Store mails of a variant, some of which were opened."""
    for number in range(tracked):
        MailResponse(
            id=new_id(),
            user_id=new_id(),
            campaign_id=campaign_id,
            variant=variant,
            mailed_at=now(),
            opened_at=now() if number < opened else None,
            expires_at=now() + timedelta(days=180),
        ).save()


def decide(campaign_id: str) -> dict[str, int]:
    """Let the rule choose winners at the time that the campaign waits for."""
    return choose_due_winners(run_of(campaign_id).decide_at)


# ------------------------------------------------------------------------ the test


def test_share_gets_the_variants_and_the_others_wait(queues: Queues) -> None:
    people = customers(PEOPLE)
    campaign = after_test(queues)
    stored = Campaign.objects.get(pk=campaign.id)
    expected = {each: variant_for(stored, each) for each in people}
    found = {
        each.user_id: (each.variant, each.body)
        for each in Notification.objects(campaign_id=campaign.id)
    }
    text = {"a": "Short.", "b": "Long."}
    assert found == {
        each: (variant, text[variant]) for each, variant in expected.items() if variant
    }
    assert 0 < len(found) < PEOPLE
    run = stored.run
    assert (stored.state, run.phase, run.cursor, run.winner) == ("running", "waiting", None, None)
    counts = Counter(variant for variant in expected.values() if variant)
    assert run.tested == counts
    assert run.audience == len(found)
    assert run.decide_at - now() > timedelta(hours=23)


def test_test_over_several_chunks_tells_each_person_once(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expanding, "PEOPLE_PER_CHUNK", 7)
    people = customers(PEOPLE)
    campaign = begun(experiment=TESTED)
    work_off(queues, times=2)
    assert run_of(campaign.id).phase == RunPhase.WAITING
    decide(campaign.id)
    work_off(queues, times=2)
    assert told(campaign.id) == dict.fromkeys(people, 1)
    assert run_of(campaign.id).audience == PEOPLE
    assert state_of(campaign.id) == CampaignState.FINISHED


def test_command_of_the_test_that_comes_again_changes_nothing_while_it_waits(
    queues: Queues,
) -> None:
    customers(PEOPLE)
    campaign = after_test(queues)
    before = told(campaign.id)
    expand_campaign(campaign.id, run_of(campaign.id).id)
    assert told(campaign.id) == before
    assert run_of(campaign.id).phase == RunPhase.WAITING


# ---------------------------------------------------------------------- the winner


def test_winner_goes_to_everyone_else_once(queues: Queues) -> None:
    people = customers(PEOPLE)
    campaign = after_test(queues)
    opened(campaign.id, "a", tracked=20, opened=4)
    opened(campaign.id, "b", tracked=20, opened=9)
    before = texts_of(campaign.id)
    assert choose_due_winners(now()) == {"winners_chosen": 0}  # too early
    assert decide(campaign.id) == {"winners_chosen": 1}
    work_off(queues)
    assert told(campaign.id) == dict.fromkeys(people, 1)
    assert texts_of(campaign.id) == before + Counter({"Long.": PEOPLE - before.total()})
    run = run_of(campaign.id)
    assert (run.winner, run.won_by, run.decide_at) == ("b", WonBy.MOST, None)
    assert state_of(campaign.id) == CampaignState.FINISHED
    numbers = get_campaign(campaign.id, caller=OPERATOR).numbers
    assert numbers.audience == PEOPLE
    assert [(each.key, each.tracked, each.opened) for each in numbers.variants] == [
        ("a", 20, 4),
        ("b", 20, 9),
    ]
    assert [each.people for each in numbers.variants] == [before["Short."], before["Long."]]


def test_without_responses_the_first_variant_wins(queues: Queues) -> None:
    customers(PEOPLE)
    campaign = after_test(queues)
    decide(campaign.id)
    assert (run_of(campaign.id).winner, run_of(campaign.id).won_by) == ("a", WonBy.TOO_FEW)


def test_person_of_the_share_who_came_after_the_test_gets_the_winner(queues: Queues) -> None:
    people = customers(PEOPLE)
    campaign = after_test(queues)
    missed = next(each for each in people if each in told(campaign.id))
    Notification.objects(campaign_id=campaign.id, user_id=missed).delete()
    decide(campaign.id)
    work_off(queues)
    assert told(campaign.id) == dict.fromkeys(people, 1)


def test_rule_function_chooses_the_winner_at_its_time(queues: Queues) -> None:
    customers(3)
    campaign = after_test(queues)
    Campaign.objects(pk=campaign.id).update_one(set__run__decide_at=now() - timedelta(minutes=1))
    event = {"time": f"{now():%Y-%m-%dT%H:%M:%SZ}", "id": new_id(), "resources": ["rule/timed"]}
    assert rule(event, CONTEXT)["winners_chosen"] == 1


def test_two_rules_at_once_choose_one_winner(queues: Queues, unpublished: None) -> None:
    customers(3)
    campaign = after_test(queues)
    due_at = run_of(campaign.id).decide_at
    results = at_once([lambda: choose_due_winners(due_at)] * 4)
    assert sum(each["winners_chosen"] for each in results) == 1
    events = Campaign.objects.get(pk=campaign.id).outbox
    assert len(events) == 1


def test_process_that_dies_before_it_stores_the_winner_leaves_the_wait(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers(PEOPLE)
    campaign = after_test(queues)

    class Killed(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "change", die)
        with pytest.raises(Killed):
            decide(campaign.id)
    assert run_of(campaign.id).phase == RunPhase.WAITING
    decide(campaign.id)
    with monkeypatch.context() as patch:  # the chunk is stored, and the cursor is not moved
        patch.setattr(outbox, "change", die)
        with pytest.raises(Killed):
            expand_campaign(campaign.id, run_of(campaign.id).id)
    work_off(queues)
    assert set(told(campaign.id).values()) == {1}
    assert len(told(campaign.id)) == PEOPLE
    assert state_of(campaign.id) == CampaignState.FINISHED


# -------------------------------------------------------------------- an operator


def test_operator_chooses_once(queues: Queues) -> None:
    people = customers(PEOPLE)
    campaign = after_test(queues, BY_OPERATOR)
    assert run_of(campaign.id).decide_at is None
    after = chosen(campaign.id, "a")
    assert after.run is not None
    assert (after.run.phase, after.run.winner, after.run.won_by) == ("rest", "a", "operator")
    assert chosen(campaign.id, "a") == after  # a repeated request
    with pytest.raises(NoWinnerAwaited):
        chosen(campaign.id, "b")
    work_off(queues)
    assert set(texts_of(campaign.id)) <= {"Short.", "Long."}
    assert told(campaign.id) == dict.fromkeys(people, 1)


def test_operator_may_choose_before_the_rule(queues: Queues) -> None:
    customers(3)
    campaign = after_test(queues)
    due_at = run_of(campaign.id).decide_at
    chosen(campaign.id)
    assert choose_due_winners(due_at) == {"winners_chosen": 0}
    assert run_of(campaign.id).winner == "b"


def test_winner_is_refused_where_none_is_awaited(queues: Queues) -> None:
    with pytest.raises(CampaignNotFound):
        chosen(new_id())
    with pytest.raises(NoWinnerAwaited):
        chosen(a_campaign().id)
    campaign = drafted(experiment=TESTED)
    with pytest.raises(NoWinnerAwaited):
        chosen(campaign.id)
    with pytest.raises(UnknownVariant):
        chosen(campaign.id, "c")
    running = begun(experiment=TESTED)
    with pytest.raises(NoWinnerAwaited):
        chosen(running.id)
    work_off(queues)
    stop_campaign(running.id, caller=OPERATOR)
    with pytest.raises(NoWinnerAwaited):
        chosen(running.id)


# ------------------------------------------------------- pause, stop, edit and copy


def test_pause_while_it_waits_postpones_the_winner(queues: Queues) -> None:
    people = customers(PEOPLE)
    campaign = after_test(queues)
    due_at = run_of(campaign.id).decide_at
    pause_campaign(campaign.id, caller=OPERATOR)
    assert choose_due_winners(due_at) == {"winners_chosen": 0}
    resume_campaign(campaign.id, caller=OPERATOR)
    work_off(queues)
    assert run_of(campaign.id).phase == RunPhase.WAITING
    assert choose_due_winners(due_at) == {"winners_chosen": 1}
    work_off(queues)
    assert told(campaign.id) == dict.fromkeys(people, 1)


def test_winner_chosen_during_a_pause_is_sent_after_it(queues: Queues) -> None:
    people = customers(PEOPLE)
    campaign = after_test(queues, BY_OPERATOR)
    pause_campaign(campaign.id, caller=OPERATOR)
    chosen(campaign.id)
    work_off(queues)
    assert len(told(campaign.id)) < PEOPLE
    resume_campaign(campaign.id, caller=OPERATOR)
    work_off(queues)
    assert told(campaign.id) == dict.fromkeys(people, 1)


def test_stopped_campaign_gets_no_winner(queues: Queues) -> None:
    customers(PEOPLE)
    campaign = after_test(queues)
    before, due_at = told(campaign.id), run_of(campaign.id).decide_at
    stop_campaign(campaign.id, caller=OPERATOR)
    assert choose_due_winners(due_at) == {"winners_chosen": 0}
    work_off(queues)
    assert told(campaign.id) == before


def test_edit_is_possible_before_the_test_and_refused_until_the_end(queues: Queues) -> None:
    campaign = drafted(experiment=TESTED)
    assert edited(campaign.id, experiment=BY_OPERATOR).experiment.decide_by == "operator"
    assert edited(campaign.id, 2, experiment=None).experiment is None
    waiting = after_test(queues)
    with pytest.raises(EditRefused):
        edited(waiting.id, name="Spring days")
    pause_campaign(waiting.id, caller=OPERATOR)
    with pytest.raises(EditRefused):
        edited(waiting.id, name="Spring days")


def test_copy_has_the_experiment_and_not_its_result(queues: Queues) -> None:
    customers(3)
    campaign = after_test(queues)
    decide(campaign.id)
    copy = copy_campaign(campaign.id, CopyCampaign.model_validate({}), caller=OPERATOR)
    assert copy.experiment == campaign.experiment
    assert copy.run is None


# ------------------------------------------------------------------ input and content


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"variants": VARIANTS[:1]}, "variants"),
        ({"variants": [{}] * 5}, "variants"),
        ({"variants": [{}, {"subject": "Hi"}]}, "variants.1.subject"),
        ({"share_percent": 0}, "share_percent"),
        ({"share_percent": 51}, "share_percent"),
        ({"decide_by": "read"}, "decide_by"),
        ({"wait_hours": 0}, "wait_hours"),
        ({"wait_hours": 73}, "wait_hours"),
    ],
    ids=str,
)
def test_invalid_experiment_is_named(given: dict[str, Any], field: str) -> None:
    draft = {"name": "W", "template_code": "promotion", "schedule": {"kind": "next_friday"}}
    with pytest.raises(ValidationError) as refused:
        CreateCampaign.model_validate(draft | {"experiment": TESTED | given})
    places = [".".join(map(str, each["loc"])) for each in refused.value.errors()]
    assert places == [f"experiment.{field}"]


def test_experiment_is_checked_as_a_whole() -> None:
    with pytest.raises(WaitNotAsked):
        drafted(experiment=BY_OPERATOR | {"wait_hours": 2})
    with pytest.raises(ExperimentOfWeekly):
        drafted(experiment=TESTED, schedule={"kind": "weekly"})
    with pytest.raises(UnknownTemplate):
        drafted(experiment=TESTED | {"variants": [{}, {"template_code": "no_such_template"}]})
    with pytest.raises(VariableMissing):
        drafted(experiment=TESTED | {"variants": [{}, {"template_code": "order_confirmed"}]})
    campaign = drafted(experiment=TESTED)
    assert campaign.experiment is not None
    assert campaign.experiment.wait_hours == 24
    with pytest.raises(ExperimentOfWeekly):
        edited(campaign.id, schedule={"kind": "weekly"})


def test_variants_are_previewed_and_tested() -> None:
    campaign = drafted(experiment=TESTED, variables={"message": "As ever."})

    def preview(variant: str | None) -> str | None:
        return preview_campaign(campaign.id, variant=variant, caller=OPERATOR).sample.inbox_body

    assert "As ever." in str(preview(None))
    assert "Long." in str(preview("b"))
    with pytest.raises(UnknownVariant):
        preview("c")
    wanted = SendCampaignTest.model_validate({"request_id": "1", "variant": "d"})
    operator = a_reader(role=Role.OPERATOR)
    with pytest.raises(UnknownVariant):
        send_campaign_test(campaign.id, wanted, caller=operator)


def test_mail_of_the_test_is_counted_for_its_variant(queues: Queues, provider: Provider) -> None:
    customers(PEOPLE, tracking=True, promotions={"email": True})
    campaign = after_test(queues)
    for each in Notification.objects(campaign_id=campaign.id):
        deliver(command_for(each, Channel.EMAIL))
    found = Counter(MailResponse.objects(campaign_id=campaign.id).scalar("variant"))
    assert found == run_of(campaign.id).tested
    decide(campaign.id)
    work_off(queues)
    later = Notification.objects(campaign_id=campaign.id, variant=None)
    assert later
    deliver(command_for(later[0], Channel.EMAIL))
    assert Counter(MailResponse.objects(campaign_id=campaign.id).scalar("variant"))[None] == 1


def test_time_of_the_winner_follows_from_the_end_of_the_test(queues: Queues) -> None:
    customers(2)
    campaign = begun(experiment=TESTED | {"wait_hours": 2})
    ended_at: datetime = now() + timedelta(minutes=7)
    expand_campaign(campaign.id, run_of(campaign.id).id, at=ended_at)
    expected = ended_at + timedelta(hours=2)
    assert abs(run_of(campaign.id).decide_at - expected) < timedelta(seconds=1)
