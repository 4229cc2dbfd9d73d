"""The versions of templates: contents are kept forever, current versions for a few seconds.

An environment that does not have them asks the cache before the database.
"""

import time
from collections.abc import Collection
from functools import lru_cache
from typing import Final, NamedTuple

from tidings.platform.caching.cache import ReadThrough
from tidings.platform.retention import in_redis
from tidings.platform.text.visible_text import STORED
from tidings.templates import builtin
from tidings.templates.builtin import FIRST_VERSION
from tidings.templates.content import TemplateContent
from tidings.templates.errors import TemplateNotFound
from tidings.templates.models import TemplateVersion, id_of

# An environment may use the previous version for this long.
FRESH_SECONDS: Final = 5.0


# All current versions have one key.
ALL: Final = "all"
_current: Final = ReadThrough(
    "template-versions", dict[str, int], ttl_seconds=in_redis.TEMPLATES.seconds
)
# The stored form of contents, by the id of the version.
_contents: Final = ReadThrough(
    "template-content", str, ttl_seconds=in_redis.TEMPLATE_CONTENTS.seconds
)


class _Read(NamedTuple):
    versions: dict[str, int]
    at: float


class _Known:
    """The current version of each code, read again after `FRESH_SECONDS`."""

    def __init__(self) -> None:
        self._read: _Read | None = None

    def versions(self) -> dict[str, int]:
        read = self._read
        if read is None or time.monotonic() - read.at > FRESH_SECONDS:
            read = _Read(_shared_versions(), time.monotonic())
            self._read = read
        return read.versions

    def versions_of(self, codes: Collection[str]) -> dict[str, int]:
        """Return the versions of those that exist; all unknown ones cost one read together."""
        kept = self._read
        found = self.versions()
        # A template may be newer than what is kept.
        if self._read is kept and not all(code in found for code in codes):
            found = read_versions()
            self._read = _Read(found, time.monotonic())
        return {code: found[code] for code in codes if code in found}

    def forget(self) -> None:
        self._read = None


_known = _Known()


def known_version(code: str) -> int | None:
    """Return the current version of a template; it may be some seconds old.

    A code that is not known is looked up at once, so a new template can be used at once.
    """
    return known_versions([code]).get(code)


def known_versions(codes: Collection[str]) -> dict[str, int]:
    """Return the current versions of those templates that exist, in at most two commands."""
    return _known.versions_of(codes)


def _shared_versions() -> dict[str, int]:
    return _current.get(ALL, read_versions) or {}


def read_versions() -> dict[str, int]:
    """Return every code with its current version, with one database command."""
    stored = TemplateVersion._get_collection().aggregate(
        [
            {"$sort": {"code": 1, "version": -1}},
            {"$group": {"_id": "$code", "version": {"$first": "$version"}}},
        ]
    )
    first = dict.fromkeys(builtin.codes(), FIRST_VERSION)
    return first | {each["_id"]: each["version"] for each in stored}


@lru_cache(maxsize=256)
def content_of(code: str, version: int) -> TemplateContent:
    """Return the content of a version; it never changes, so it is cached.

    Raises:
        TemplateNotFound: the version does not exist.
    """
    # A built-in version comes from its file, even if an older release stored a template with its
    # code.
    built_in = builtin.content_of(code) if version == FIRST_VERSION else None
    if built_in is not None:
        return built_in
    stored = _contents.get(id_of(code, version), lambda: _read_content(code, version))
    if stored is None:
        raise TemplateNotFound
    return TemplateContent.model_validate_json(stored, context=STORED)


def _read_content(code: str, version: int) -> str | None:
    document = TemplateVersion.objects(pk=id_of(code, version)).only("content").first()
    return None if document is None else document.content


def forget_versions() -> None:
    """Clear the current versions after a change, for all environments within `FRESH_SECONDS`."""
    _known.forget()
    forget_shared_versions()


def forget_shared_versions() -> None:
    """Clear the current versions in the cache."""
    _current.forget([ALL])
