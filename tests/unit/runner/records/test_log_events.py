from tests.unit.runner.builders import a_record
from tidings_local.runner.records.log_events import (
    MAX_BATCH_BYTES,
    MAX_BATCH_EVENTS,
    MAX_EVENT_BYTES,
    LogEvent,
    batches_of,
    events_of,
)

DAY_MS = 24 * 3600 * 1000
TEXT = "init\nSTART RequestId: r-1 Version: 1\nsaid\n\nEND RequestId: r-1\nREPORT RequestId: r-1\n"


def event(at_ms: int = 0, size: int = 100, message: str = "x\n") -> LogEvent:
    return LogEvent(at_ms, message, size)


def test_each_line_is_an_event_in_its_order() -> None:
    messages = [each.message for each in events_of(a_record(TEXT))]
    assert messages == [
        "init\n",
        "START RequestId: r-1 Version: 1\n",
        "said\n",
        "END RequestId: r-1\n",
        "REPORT RequestId: r-1\n",
    ]


def test_start_line_has_the_time_of_the_call() -> None:
    events = {each.message[:5]: each.at_ms for each in events_of(a_record(TEXT))}
    assert events["START"] == 999_980
    assert events["END R"] == 1_000_000


def test_init_lines_are_before_the_start() -> None:
    (batch,) = batches_of(events_of(a_record(TEXT)))
    assert [each.message[:5] for each in batch][:2] == ["init\n", "START"]


def test_long_line_is_split_without_loss() -> None:
    line = "æ" * 300_000
    events = list(events_of(a_record(line)))
    assert len(events) == 3
    assert "".join(each.message.removesuffix("\n") for each in events) == line
    assert all(len(each.message.encode()) <= MAX_EVENT_BYTES for each in events)


def test_batch_has_at_most_ten_thousand_events() -> None:
    batches = list(batches_of(event() for _ in range(MAX_BATCH_EVENTS + 1)))
    assert [len(batch) for batch in batches] == [MAX_BATCH_EVENTS, 1]


def test_batch_has_at_most_a_megabyte() -> None:
    batches = list(batches_of(event(size=MAX_BATCH_BYTES // 2) for _ in range(3)))
    assert [len(batch) for batch in batches] == [2, 1]


def test_batch_spans_less_than_a_day() -> None:
    batches = list(batches_of([event(0), event(DAY_MS - 1), event(DAY_MS)]))
    assert [[each.at_ms for each in batch] for batch in batches] == [[0, DAY_MS - 1], [DAY_MS]]


def test_batch_is_in_order_of_time() -> None:
    (batch,) = batches_of([event(3), event(1), event(2)])
    assert [each.at_ms for each in batch] == [1, 2, 3]


def test_no_events_are_no_batch() -> None:
    assert list(batches_of([])) == []
