"""Generations of accounts: a value in the security store that changes with each change of one.

What was read of an account can be kept together with the generation that was current before the
read. It is valid as long as that generation is current. Each call of a signed-in person reads the
generation in the round trip that admits it (`admission`), so a kept account costs none of its own
(docs/decisions/0173).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tidings.platform.retention import in_redis
from tidings.platform.security import store
from tidings.platform.security.limits import digest
from tidings.platform.storage.resting import Resting

# If Redis was unavailable during a change, an account that was kept before is used for at most this
# time.
SECONDS: Final = in_redis.ACCOUNT_GENERATION.seconds
# The generation of an account during a change: what is read now must not be kept.
CHANGING: Final = "changing"

_resting = Resting("account's generation not changed: Redis did not answer")


def generation_key(user_id: str) -> str:
    """Return the key of an account's generation."""
    return store.key("account-generation", digest(user_id))


@contextmanager
def changing(user_id: str) -> Iterator[None]:
    """Change an account in this context; what was kept of it is not used afterwards.

    The generation ends before the write, so that a process that dies after it leaves none. It ends
    again after it, and the next reader begins another one. If the write fails, it may have
    happened: then nothing is kept for `SECONDS`.
    """
    key = generation_key(user_id)
    _resting.ask(lambda: store.client().set(key, CHANGING, ex=SECONDS))
    yield
    # Sent even shortly after a failure: an old account is worse than a timeout.
    _resting.ask(lambda: store.client().delete(key), even_if_resting=True)
