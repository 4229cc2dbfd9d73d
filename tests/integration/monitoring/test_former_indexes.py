"""The index of an earlier release is dropped, once, when its functions have ended."""

import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.integration.builders import at_once
from tidings.monitoring.models import FailedMessage
from tidings.monitoring.sending import FORMER_INDEXES, send_due
from tidings.platform.storage import former_indexes
from tidings.platform.storage.former_indexes import DEPLOYED_AFTER, drop, left_in


@pytest.fixture
def collection() -> Iterator[Any]:
    """Return the failed messages with the index of the release before."""
    found = FailedMessage._get_collection()
    found.create_index([("queue", 1), ("failed_at", -1)])
    yield found
    drop(found, FORMER_INDEXES, age=DEPLOYED_AFTER)


def test_index_stays_while_functions_of_the_earlier_release_may_run(collection: Any) -> None:
    drop(collection, FORMER_INDEXES, age=DEPLOYED_AFTER - timedelta(seconds=1))
    assert left_in(collection, FORMER_INDEXES) == FORMER_INDEXES


def test_job_drops_it_and_no_other(collection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = collection.index_information().keys()
    deployed = time.monotonic() - DEPLOYED_AFTER.total_seconds()
    monkeypatch.setattr(former_indexes, "_imported_at", deployed)
    for _ in range(2):
        send_due(seconds=0)
        assert collection.index_information().keys() == before - FORMER_INDEXES


def test_several_processes_may_drop_it_at_once(collection: Any) -> None:
    at_once([partial(drop, collection, FORMER_INDEXES, age=DEPLOYED_AFTER)] * 8)
    assert not left_in(collection, FORMER_INDEXES)
