import threading
from typing import Any

from tests.unit.localstack_plugin.stand_ins import Shelf


def test_lock_type_can_be_annotated_and_still_makes_locks(shelf: Shelf) -> None:
    from tidings_local.localstack_plugin.python311 import LockType

    assert LockType | None
    lock: Any = LockType()
    with lock:
        assert lock.locked()


def test_locks_are_restored_after_localstack_is_imported(shelf: Shelf) -> None:
    from tidings_local.localstack_plugin.python311 import import_packages_api

    before = threading.Lock
    import_packages_api()
    assert threading.Lock is before
