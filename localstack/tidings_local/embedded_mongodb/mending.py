"""Replace the slow parts in SecantusDB's classes."""

from __future__ import annotations

import sys
from typing import Any

from secantus import aggregate, commands, transactions
from secantus.sessions import SessionRegistry
from secantus.storage import Storage

from . import (
    collection_options,
    commits,
    conflicts,
    copies,
    counting,
    dropping,
    entry_changes,
    expiry,
    explaining,
    finding,
    index_lists,
    keys,
    lookups,
    oplog,
    pipelines,
    plain_values,
    remembered,
    retries,
    stopping,
)


def mend() -> None:
    """Replace them all."""
    cursors: Any = sys.modules["swig_wiredtiger"]  # imported by its package, outside of it
    cursors.pack = keys.pack
    cursors.unpack = keys.unpack
    transactions.TransactionRegistry._prune_retryable_locked = retries.forget_oldest_writes
    SessionRegistry._prune_locked = retries.drop_ended_sessions_rarely
    oplog.write_none(Storage, commands._HANDLERS)
    commits.sync_once(Storage, commands._HANDLERS)
    conflicts.wait_without_locks(Storage, transactions.TransactionRegistry)
    dropping.drop_by_ranges(Storage)
    remembered.remember(Storage)
    index_lists.remember_lists(Storage)
    collection_options.remember_options(Storage)
    entry_changes.write_what_changes(Storage)
    copies.copy_faster()
    plain_values.decide_by_type()
    Storage._try_index_id_keys = lookups.by_a_part_of(Storage._try_index_id_keys)
    finding.read_what_is_asked_for(Storage)
    counting.stop_at_the_limit(Storage, commands._HANDLERS)
    expiry.prune_by_the_index(Storage)
    pipelines.begin_with_a_find(commands._HANDLERS, aggregate._STAGES)
    explaining.tell_what_was_read(Storage, commands._HANDLERS)
    stopping.refuse_greetings(commands._HANDLERS)
