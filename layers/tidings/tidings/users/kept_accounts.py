"""Keep people's own accounts in this environment until they change (docs/decisions/0173)."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from tidings.platform.security import account_generations
from tidings.platform.security.auth import Principal
from tidings.users import persons
from tidings.users.schemas import AccountView

# Each takes about 4 KB.
MAX_KEPT: Final = 500


class _Kept(NamedTuple):
    """An account, its generation before it was read, and when that generation has ended."""

    view: AccountView
    generation: str
    until: float


# By the person's id, the oldest first.
_kept: Final[dict[str, _Kept]] = {}


def own_account(
    caller: Principal, user_id: str, load: Callable[[str | None], AccountView]
) -> AccountView:
    """Return the caller's own account if it is kept and has not changed; otherwise load it.

    Accounts of others are loaded: a call tells only the generation of the caller's account.

    Args:
        load: gets the generation; None if no copy of the account may be used.
    """
    generation = caller.account_generation
    if caller.user_id != user_id or generation is None:
        return load(None)
    kept = _kept.get(user_id)
    if kept is None or kept.generation != generation:
        kept = _Kept(load(generation), generation, time.monotonic() + account_generations.SECONDS)
        _keep(user_id, kept)
    return kept.view


@contextmanager
def changing(user_id: str) -> Iterator[None]:
    """Change an account in this context; kept copies of it are not used afterwards."""
    with account_generations.changing(user_id):
        try:
            yield
        finally:
            _kept.pop(user_id, None)
            # Before the generation ends: the next one must not find the former copy.
            persons.forget([user_id])


def _keep(user_id: str, kept: _Kept) -> None:
    _kept.pop(user_id, None)
    _kept[user_id] = kept
    for each, other in list(_kept.items()):  # a copy: another thread may change it
        if len(_kept) <= MAX_KEPT and other.until > time.monotonic():
            break
        _kept.pop(each, None)
