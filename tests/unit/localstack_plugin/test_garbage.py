import gc
from collections.abc import Iterator

import pytest

from tests.unit.localstack_plugin.stand_ins import Shelf


@pytest.fixture
def collector() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_loaded_objects_are_frozen_and_collections_are_rare(shelf: Shelf, collector: None) -> None:
    from tidings_local.localstack_plugin import garbage

    garbage.collect_less_often()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == garbage.THRESHOLDS
