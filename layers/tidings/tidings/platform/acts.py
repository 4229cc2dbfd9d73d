"""What an act says about itself, for the audit trail: the targets it concerns, and its changes.

An operation calls `concerns` and `changed`. Outside of a recorded act, as in a consumer or for a
customer, both do nothing.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from tidings.platform.text.cuts import cut
from tidings.platform.text.masking import masked_value

# An act keeps this many of its targets, and of its changed fields, and their first characters.
MAX_TARGETS: Final = 100
MAX_FIELDS: Final = 20
MAX_CHARACTERS: Final = 200
# The id of a target if the caller sent none of ours, but perhaps an address or a name.
MALFORMED: Final = "malformed"
_ID: Final = re.compile(r"[0-9a-f]{16,64}")
# Kinds that have a code instead of an id.
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_CODED: Final = frozenset({"template"})


class Target(NamedTuple):
    """Something that an act concerns, such as a product."""

    kind: str
    id: str


@dataclass
class Act:
    """What is known of an act that is being carried out."""

    targets: list[Target] = field(default_factory=list)
    # All targets, also those that are not kept.
    known: set[Target] = field(default_factory=set)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    def add(self, kind: str, ids: Iterable[str]) -> None:
        """Add targets, each once. Of a text that cannot be an id nothing is kept."""
        form = _CODE if kind in _CODED else _ID
        for each in ids:
            target = Target(kind, each if form.fullmatch(each) else MALFORMED)
            if target not in self.known and len(self.targets) < MAX_TARGETS:
                self.targets.append(target)
            self.known.add(target)


_current: ContextVar[Act | None] = ContextVar("act", default=None)


def is_acting() -> bool:
    """Say whether an act is being recorded. Operations that it calls are parts of it."""
    return _current.get() is not None


@contextmanager
def acting(act: Act) -> Iterator[None]:
    """Let `concerns` and `changed` speak about this act."""
    token = _current.set(act)
    try:
        yield
    finally:
        _current.reset(token)


def concerns(kind: str, *ids: str) -> None:
    """Name targets that the current act concerns, besides those in its arguments."""
    if (act := _current.get()) is not None:
        act.add(kind, ids)


def changed(
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
) -> None:
    """Tell the current act's effect: the values of small fields; equal ones are left out.

    Name only fields without personal data and without text for people: states, prices, versions,
    ids. What looks personal is masked, and long values are cut.
    """
    act = _current.get()
    if act is None:
        return
    old, new = dict(before or {}), dict(after or {})
    same = {name for name in old.keys() & new.keys() if old[name] == new[name]}
    for values, kept in ((old, act.before), (new, act.after)):
        for name in [each for each in values if each not in same][: MAX_FIELDS - len(kept)]:
            kept[name] = _small(masked_value(name, _plain(values[name])))


def _plain(value: Any) -> Any:
    """Return a value in JSON's types."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return value


def _small(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return value if len(text) <= MAX_CHARACTERS else cut(text, MAX_CHARACTERS, ellipsis="...")
