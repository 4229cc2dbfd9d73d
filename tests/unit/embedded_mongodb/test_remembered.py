"""Remembered values are those of the snapshot of the thread that asks for them."""

from tidings_local.embedded_mongodb.remembered import Remembered, Value

WHAT = ("indexes", "db", "coll")


def test_value_is_kept_until_a_change() -> None:
    values = Remembered()
    values.put(WHAT, values.version(), None)
    assert values.get(WHAT, values.version()) == Value(0, None)
    values.begin("change")
    assert values.get(WHAT, 0) is None
    values.end("change", 1)
    assert values.get(WHAT, values.version()) is None


def test_value_read_during_a_change_is_not_kept() -> None:
    values = Remembered()
    before = values.version()
    values.begin("change")
    values.put(WHAT, before, [])
    assert values.version() is None
    values.end("change", 1)
    values.put(WHAT, before, [])  # read before the change
    values.put(WHAT, None, [])
    assert values.get(WHAT, before) is None
    assert values.get(WHAT, values.version()) is None
    assert values.get(WHAT, None) is None


def test_older_snapshot_does_not_see_a_newer_value() -> None:
    values = Remembered()
    old = values.version()
    values.begin("change")
    values.end("change", 1)
    values.put(WHAT, values.version(), ["a_1"])
    assert values.get(WHAT, old) is None
    found = values.get(WHAT, values.version())
    assert found is not None
    assert found.value == ["a_1"]


def test_changes_of_a_transaction_end_together() -> None:
    values = Remembered()
    values.begin("transaction")
    values.begin("transaction")
    values.begin("other")
    values.end("other", 1)
    assert values.version() is None
    values.end_transaction("transaction")
    assert values.version() is not None


def test_transaction_has_the_version_of_its_begin() -> None:
    values = Remembered()
    values.begin_transaction("first")
    values.begin("change")
    values.begin_transaction("during")
    values.end("change", 1)
    values.put(WHAT, values.version(), [])
    for each in ("first", "during", "unknown"):
        assert values.get(WHAT, values.version_of(each)) is None
    values.end_transaction("first")
    assert values.version_of("first") is None
