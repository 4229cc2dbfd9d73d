from tidings_local.bridge.batching import Delivery, Pending

ROOM = 100


def pending(batch_size: int = 3, window_seconds: float = 10.0) -> Pending:
    return Pending(batch_size, window_seconds, ROOM)


def delivery(tag: int, at: float = 0.0, size: int = 1) -> Delivery:
    return Delivery(tag, b"x" * size, at)


def tags(batch: list[Delivery]) -> list[int]:
    return [item.tag for item in batch]


def test_no_batch_is_due_without_messages() -> None:
    assert pending().due_in(5.0) is None
    assert pending().take_due(5.0) == []


def test_batch_ends_at_its_size() -> None:
    waiting = pending(batch_size=3)
    for tag in range(1, 5):
        waiting.add(delivery(tag))
    assert tags(waiting.take_due(0.0)) == [1, 2, 3]
    assert waiting.take_due(0.0) == []
    assert len(waiting) == 1


def test_window_begins_with_the_first_message() -> None:
    waiting = pending(window_seconds=10.0)
    waiting.add(delivery(1, at=100.0))
    waiting.add(delivery(2, at=109.0))
    assert waiting.due_in(109.0) == 1.0
    assert waiting.take_due(109.9) == []
    assert tags(waiting.take_due(110.0)) == [1, 2]


def test_window_of_zero_takes_all_waiting_messages() -> None:
    waiting = pending(window_seconds=0.0)
    waiting.add(delivery(1, at=100.0))
    waiting.add(delivery(2, at=100.0))
    assert tags(waiting.take_due(100.0)) == [1, 2]


def test_next_window_begins_with_the_first_remaining_message() -> None:
    waiting = pending(batch_size=2, window_seconds=10.0)
    for tag, at in ((1, 0.0), (2, 1.0), (3, 2.0)):
        waiting.add(delivery(tag, at=at))
    waiting.take_due(2.0)
    assert waiting.due_in(2.0) == 10.0


def test_batch_ends_at_the_payload_limit() -> None:
    waiting = pending()
    for tag in (1, 2):
        waiting.add(delivery(tag, size=60))
    assert tags(waiting.take_due(0.0)) == [1]
    assert waiting.take_due(0.0) == []


def test_commas_between_records_count() -> None:
    exact = pending(batch_size=2)
    exact.add(delivery(1, size=50))
    exact.add(delivery(2, size=ROOM - 50 - 1))
    assert tags(exact.take_due(0.0)) == [1, 2]
    over = pending(batch_size=2)
    over.add(delivery(1, size=50))
    over.add(delivery(2, size=ROOM - 50))
    assert tags(over.take_due(0.0)) == [1]


def test_record_that_fills_an_invocation_goes_alone() -> None:
    waiting = pending()
    assert waiting.fits(b"x" * ROOM)
    assert not waiting.fits(b"x" * (ROOM + 1))
    waiting.add(delivery(1, size=ROOM))
    assert tags(waiting.take_due(0.0)) == [1]


def test_cleared_messages_are_not_counted() -> None:
    waiting = pending()
    waiting.add(delivery(1, size=60))
    assert tags(waiting.clear()) == [1]
    waiting.add(delivery(2, size=60))
    assert waiting.due_in(0.0) == 10.0
