"""The hub gives each change to the streams of its person only."""

import pytest

from tests.unit.live.builders import entry, entry_id, opened, person, unopened, waiting
from tidings.delivery.inbox_signals import MANY, Changed
from tidings.platform.security.ended_sessions import account_name
from tidings.platform.timing.clock import now
from tidings_live.events import Closing
from tidings_live.hub import Hub, ServerFull


def hub_of(*streams: object, **limits: int) -> Hub:
    hub = Hub(**({"streams": 100, "streams_per_person": 10} | limits))
    for each in streams:
        hub.add(each)  # type: ignore[arg-type]
    return hub


def test_entry_goes_to_all_streams_of_its_person_and_to_no_other() -> None:
    phone, laptop, stranger = opened(), opened(session="s2"), opened(user_id="bob", session="s3")
    hub = hub_of(phone, laptop, stranger)
    new = entry(entry_id())
    hub.give([new], {new.view.id: "ada"})
    assert [len(waiting(each)) for each in (phone, laptop, stranger)] == [1, 1, 0]


def test_signal_that_names_another_person_gets_them_nothing() -> None:
    stranger = opened(user_id="bob")
    hub = hub_of(stranger)
    new = entry(entry_id())
    hub.give([new], {new.view.id: "bob"})
    assert waiting(stranger) == []


def test_entry_that_was_not_found_is_removed() -> None:
    stream = opened()
    hub_of(stream).give([], {"gone": "ada"})
    assert [each.event for each in waiting(stream)] == ["removed"]


def test_only_entries_of_connected_people_are_read() -> None:
    hub = hub_of(opened())
    assert hub.wants(Changed("ada", "1"))
    assert not hub.wants(Changed("bob", "1"))


def test_many_changes_are_not_read_but_told() -> None:
    stream = opened()
    assert not hub_of(stream).wants(Changed("ada", MANY))
    assert [each.event for each in waiting(stream)] == ["reload"]


def test_one_stream_too_many_closes_the_oldest_of_the_person() -> None:
    oldest, others, stranger = opened(), [opened() for _ in range(2)], opened(user_id="bob")
    hub = hub_of(oldest, stranger, *others, streams_per_person=2)
    assert oldest.closing is Closing.TOO_MANY_STREAMS
    assert [each.closing for each in (*others, stranger)] == [None, None, None]
    hub.add(opened())
    assert others[0].closing is Closing.TOO_MANY_STREAMS
    assert others[1].closing is None


def test_full_server_refuses() -> None:
    hub = hub_of(opened(), streams=1)
    with pytest.raises(ServerFull):
        hub.add(opened(user_id="bob"))
    assert len(hub) == 1


def test_removed_streams_leave_nothing() -> None:
    streams = [opened(), opened(), opened(user_id="bob")]
    hub = hub_of(*streams)
    for each in (*streams, streams[0]):
        hub.remove(each)
    assert (len(hub), hub.people(), hub.callers()) == (0, [], [])
    assert not hub._by_name


def test_end_of_a_session_closes_its_streams_only() -> None:
    first, second = opened(session="s1"), opened(session="s2")
    hub = hub_of(first, second)
    hub.end_sessions([person(session="s1")])
    assert (first.closing, second.closing) == (Closing.SESSION_ENDED, None)


def test_signals_name_sessions_and_accounts() -> None:
    hub = hub_of(opened(session="s1"), opened(session="s2"), opened(user_id="bob", session="s3"))
    assert [each.session_id for each in hub.callers("s2")] == ["s2"]
    assert {each.session_id for each in hub.callers(account_name("ada"))} == {"s1", "s2"}
    assert hub.callers("unknown") == []


def test_recent_entries_that_a_stream_lacks_are_found() -> None:
    has, lacks = opened(), opened(session="s2")
    sent, new, old = entry(entry_id(number=1)), entry_id(number=2), "0" * 24
    for each in (has, lacks):
        each.offer(sent)
    has.offer(entry(new))
    hub = hub_of(has, lacks, unopened(session="s3"))
    found = dict.fromkeys([sent.view.id, new, old])
    assert hub.lacking({"ada": found, "bob": {"1": None}}) == [new]


def test_unopened_streams_do_not_count_for_what_may_be_missing() -> None:
    hub = hub_of(unopened())
    assert hub.oldest_since(["ada"]) is None
    stream = opened()
    hub.add(stream)
    assert hub.oldest_since(["ada"]) == stream.since
    hub.read_completely(["ada"], now())
