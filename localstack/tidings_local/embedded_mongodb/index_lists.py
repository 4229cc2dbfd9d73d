"""Remember each collection's list of indexes.

SecantusDB reads and decodes the list from its storage four times for each inserted document, seven
times for each update, and twice for each query: 60 % of the time of an insert.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, NamedTuple

from secantus.storage import Storage, _doc_makes_multikey

from .remembered import change_by, changing, remembering

Index = tuple[str, dict[str, Any], dict[str, Any]]
Described = tuple[str, dict[str, Any], bool, bool]

CHANGES: Final = (
    "create_index",
    "drop_index",
    "drop_all_indexes",
    "set_index_expiry",
    "set_index_options",
    "drop_collection",
    "drop_database",
    "rename_collection",
    "_recover_pending_drops_locked",
)


class Indexes(NamedTuple):
    """The indexes of a collection, and what is asked about them. Nothing is to be changed.

    `all` has the name, the key, and whether it is sparse and unique; `unique` and `of_places` are
    those of them whose values are checked. `fields` has the names at the top of a document on which
    an index's entries depend, or None if each change of a document concerns it.
    """

    lists: list[Index]
    all: list[Described]
    unique: list[Described]
    of_places: list[Described]
    partial_filters: dict[str, dict[str, Any]]
    multikey: frozenset[str]
    options: dict[str, dict[str, Any]]
    fields: dict[str, frozenset[str] | None]


def remember_lists(storage: type[Storage]) -> None:
    """Let a storage class remember its lists of indexes."""
    indexes = remembering("indexes", _reading(storage._iter_indexes))
    storage.indexes = indexes
    storage._iter_indexes = lambda self, db, coll: [
        (name, dict(key), dict(options)) for name, key, options in indexes(self, db, coll).lists
    ]
    storage._all_indexes = lambda self, db, coll: indexes(self, db, coll).all
    storage._partial_filters = lambda self, db, coll: indexes(self, db, coll).partial_filters
    storage._multikey_index_names = lambda self, db, coll: {*indexes(self, db, coll).multikey}
    storage._index_options_map = lambda self, db, coll: indexes(self, db, coll).options
    storage._maybe_mark_multikey = _changing_only_if_new(storage._maybe_mark_multikey)
    change_by(storage, CHANGES)


def _reading(read: Callable[..., Any]) -> Callable[[Storage, str, str], Indexes]:
    def indexes(storage: Storage, db: str, coll: str) -> Indexes:
        found: list[Index] = list(read(storage, db, coll))
        described = [
            (name, key, bool(options.get("sparse")), bool(options.get("unique")))
            for name, key, options in found
        ]
        options_of = {name: options for name, _, options in found}
        return Indexes(
            lists=found,
            all=described,
            unique=[each for each in described if each[3] or _is_to_be_unique(options_of[each[0]])],
            of_places=[each for each in described if _is_of_places(each[1])],
            partial_filters={
                name: options["partialFilterExpression"]
                for name, _, options in found
                if _is_partial(options)
            },
            multikey=frozenset(name for name, _, options in found if options.get("multikey")),
            options=options_of,
            fields={name: _fields(key, options) for name, key, options in found},
        )

    return indexes


def _is_partial(options: Mapping[str, Any]) -> bool:
    filter = options.get("partialFilterExpression")
    return isinstance(filter, Mapping) and bool(filter)


def _is_to_be_unique(options: Mapping[str, Any]) -> bool:
    return bool(options.get("prepareUnique"))


def _is_of_places(key: Mapping[str, Any]) -> bool:
    return any(isinstance(direction, str) for direction in key.values())


def _fields(key: Mapping[str, Any], options: Mapping[str, Any]) -> frozenset[str] | None:
    names = [*key, *(options["partialFilterExpression"] if _is_partial(options) else ())]
    if _is_to_be_unique(options) or any(name.startswith("$") for name in names):
        return None
    return frozenset(name.partition(".")[0] for name in names)


def _changing_only_if_new(mark: Callable[..., set[str]]) -> Callable[..., set[str]]:
    marking = changing(mark)

    @wraps(mark)
    def marked(
        self: Storage, db: str, coll: str, doc: Any, indexes: list[Any], already: set[str]
    ) -> set[str]:
        new = [
            each for each in indexes if each[0] not in already and _doc_makes_multikey(doc, each[1])
        ]
        return marking(self, db, coll, doc, new, already) if new else already

    return marked
