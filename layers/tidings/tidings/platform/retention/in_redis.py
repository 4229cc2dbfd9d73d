"""How long each family of keys stays in Redis; the name is the first part of the keys.

`security store` evicts nothing. `cache` may lose any key at any time.
"""

from datetime import timedelta
from typing import Final

from tidings.platform.retention.row import Means, Retention

STORE: Final = "security store: "
CACHE: Final = "cache: "


def _expiring(name: str, period: timedelta, since: str, why: str) -> Retention:
    return Retention(name=name, lasts=period, since=since, means=Means.REDIS_EXPIRY, why=why)


# ------------------------------------------------------------------ the security store
SESSION: Final = _expiring(
    STORE + "session", timedelta(days=30), "its last use", "a person stays signed in"
)
SESSIONS: Final = _expiring(
    STORE + "sessions",
    timedelta(days=30),
    "the last use of a session",
    "the sessions of an account",
)
CONSOLE_SESSION: Final = _expiring(
    STORE + "console-session",
    timedelta(minutes=30),
    "its last use",
    "idle operators sign in again",
)
RENEWED_SESSION: Final = _expiring(
    STORE + "console-renewal",
    timedelta(minutes=2),
    "the renewal",
    "requests of other tabs with the old cookie get the new tokens, which are encrypted",
)
ENDED: Final = _expiring(
    STORE + "ended",
    timedelta(minutes=16),
    "the end of the session",
    "longer than an access token that was issued before",
)
LOWEST_VERSION: Final = _expiring(
    STORE + "lowest-version",
    ENDED.period,
    "the change of the account",
    "longer than an access token that was issued before",
)
ACCOUNT_GENERATION: Final = _expiring(
    STORE + "account-generation",
    timedelta(minutes=1),
    "its first reader",
    "an account that was kept is not used longer",
)
CODE: Final = _expiring(
    STORE + "code",
    timedelta(days=1),
    "the last code",
    "the longest lifetime of a code; only a keyed hash is stored",
)
KNOWN_NETWORK: Final = _expiring(
    STORE + "known-network",
    timedelta(days=90),
    "the last sign-in from it",
    "failures of others do not delay the owner; a hash of account and network",
)
FAILURES: Final = _expiring(
    STORE + "failures", timedelta(days=1), "the last failure", "guesses become slower; hashes"
)
WAITS: Final = _expiring(STORE + "waits", timedelta(days=1), "the failure", "the wait after it")
LIMIT: Final = _expiring(
    STORE + "limit",
    timedelta(days=1),
    "the first counted time",
    "each limit has its own period, a day at most; a hash of address, account or number",
)
STORE_SIGNALS: Final = Retention(
    name=STORE + "signals",
    since="",
    means=Means.NONE,
    why="a channel: nothing is stored",
)

# ------------------------------------------------------------------ the cache
ATTEMPTS: Final = _expiring(
    CACHE + "attempts", timedelta(days=1), "the last failed attempt", "explanations for operators"
)
BREAKER: Final = _expiring(
    CACHE + "breaker", timedelta(hours=1), "the last failure", "the state of a provider's circuit"
)
GATHERED: Final = _expiring(
    CACHE + "gathered",
    timedelta(days=1),
    "the last view",
    "product views before they are stored; the list of owners has no expiry",
)
METRICS: Final = Retention(
    name=CACHE + "metrics",
    since="",
    means=Means.NONE,
    why="counters with labels of the code only; the counts of a minute expire after minutes",
)
OVERVIEW: Final = _expiring(
    CACHE + "overview", timedelta(hours=2), "the last sample", "the charts of the overview"
)
CALLS: Final = _expiring(
    CACHE + "calls",
    timedelta(minutes=1),
    "the first call",
    "the calls of strangers; a hash of the network address",
)
PERSISTED: Final = _expiring(
    CACHE + "persisted-query",
    timedelta(days=1),
    "it was registered",
    "the documents of GraphQL clients",
)
SIGNALS: Final = Retention(
    name=CACHE + "signals",
    since="",
    means=Means.NONE,
    why="a channel: nothing is stored",
)
GENERATION: Final = _expiring(
    CACHE + "cache:generation",
    timedelta(minutes=1),
    "its first reader",
    "the longest time that an old answer is used if Redis was away during the change",
)
KEPT_PRODUCTS: Final = _expiring(
    CACHE + "cache:product", timedelta(minutes=1), "the read", "products of the catalogue"
)
FIRST_PAGES: Final = _expiring(
    CACHE + "cache:products.first", timedelta(minutes=1), "the read", "the catalogue's first pages"
)
STATUSES: Final = _expiring(
    CACHE + "cache:notification-status",
    timedelta(hours=1),
    "the read",
    "statuses of notifications; a change and erasure delete them",
)
PERSONS: Final = _expiring(
    CACHE + "cache:person",
    timedelta(minutes=1),
    "the read",
    "accounts without secrets, for batches of messages; a change and erasure delete them",
)
TEMPLATES: Final = _expiring(
    CACHE + "cache:template-versions",
    timedelta(minutes=1),
    "the read",
    "the current version of each template; a change deletes it",
)
TEMPLATE_CONTENTS: Final = _expiring(
    CACHE + "cache:template-content",
    timedelta(hours=1),
    "the read",
    "contents of templates, which never change",
)
LISTS: Final = _expiring(
    CACHE + "cache:recommendations",
    timedelta(hours=1),
    "the read",
    "lists of persons; a change and erasure delete them",
)
POPULAR: Final = _expiring(
    CACHE + "cache:popular", timedelta(minutes=10), "the read", "the list for strangers"
)
ANSWERS: Final = _expiring(
    CACHE + "cache:answer",
    timedelta(seconds=10),
    "the answer",
    "answers about the catalogue, the same for all",
)
