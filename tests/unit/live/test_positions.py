"""Positions are texts that say what a stream has sent."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.notifications.positions import (
    MAX_LISTED,
    WINDOW,
    Position,
    UnknownPosition,
    hash_of,
)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2500, 1, 1)),  # noqa: DTZ001 (strategies want these)
    st.frozensets(st.text(min_size=1, max_size=24), max_size=MAX_LISTED),
)
def test_position_is_read_as_it_was_written(naive: datetime, ids: frozenset[str]) -> None:
    moment = naive.replace(tzinfo=UTC, microsecond=naive.microsecond // 1000 * 1000)
    position = Position.of(moment, map(hash_of, ids))
    assert Position.read(str(position)) == position


def test_position_lists_what_was_sent_in_a_text_that_headers_and_urls_take() -> None:
    text = str(Position.of(NOON, [hash_of("a"), hash_of("b")]))
    assert text.isascii()
    assert not set(text) & set(" \r\n\0%&+?/")
    assert len(text) == 12 + 2 * 9


def test_position_with_too_many_does_not_list_them() -> None:
    position = Position.of(NOON, [f"{number:08}" for number in range(MAX_LISTED + 1)])
    assert position.sent is None
    assert Position.read(str(position)).sent is None


def test_longest_position_fits_into_a_header() -> None:
    assert len(str(Position.of(NOON, [f"{each:08}" for each in range(MAX_LISTED)]))) < 1000


def test_entries_may_be_missing_from_a_window_before_the_last_read() -> None:
    assert Position.of(NOON, []).since == NOON - WINDOW


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "*",
        "12345",
        f"{1:012x}.",
        f"{1:012x}.short",
        f"{1:012x}.*.AAAAAAAA",
        f"{1:012x}.AAAAAAA=",
        f"{1:012x} .AAAAAAAA",
        f"{1:012x}\n",
        f"{1:012X}.AAAAAAAA".replace("1", "A"),
        "f" * 12,
        f"{1:012x}" + ".AAAAAAAA" * (MAX_LISTED + 1),
        "\u0660" * 12,
    ],
)
def test_other_texts_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(UnknownPosition) as refused:
        Position.read(text)
    assert refused.value.field == "last_id"


def test_hashes_of_ids_of_one_moment_differ() -> None:
    ids = [f"{7:012x}{number:012x}" for number in range(10_000)]
    assert len({hash_of(each) for each in ids}) == len(ids)


def test_window_is_longer_than_any_process_that_stores_notifications() -> None:
    assert timedelta(seconds=300) < WINDOW
