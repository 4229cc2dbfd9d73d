"""Which versions there are; what never changes is kept, what does for a few seconds."""

import time
from functools import lru_cache
from typing import Final, NamedTuple

from tidings.templates import builtin
from tidings.templates.builtin import FIRST_VERSION
from tidings.templates.errors import TemplateNotFound
from tidings.templates.models import TemplateVersion, id_of
from tidings.templates.schemas import TemplateContent

# So long an environment may go on with the version before.
FRESH_SECONDS: Final = 5.0


class _Read(NamedTuple):
    versions: dict[str, int]
    at: float


class _Known:
    """The current version of each code, read anew when it is no longer fresh."""

    def __init__(self) -> None:
        self._read: _Read | None = None

    def versions(self) -> dict[str, int]:
        read = self._read
        if read is None or time.monotonic() - read.at > FRESH_SECONDS:
            read = _Read(read_versions(), time.monotonic())
            self._read = read
        return read.versions

    def forget(self) -> None:
        self._read = None


_known = _Known()


def known_versions() -> dict[str, int]:
    """Return every code with its current version, as of the last seconds."""
    return _known.versions()


def read_versions() -> dict[str, int]:
    """Return every code with its current version, as of now; one command."""
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
    """Return what a version says; it never changes, so it is read once.

    Raises:
        TemplateNotFound: there is no such version.
    """
    document = TemplateVersion.objects(pk=id_of(code, version)).only("content").first()
    if document is not None:
        return TemplateContent.model_validate_json(document.content)
    content = builtin.content_of(code) if version == FIRST_VERSION else None
    if content is None:
        raise TemplateNotFound
    return content


def forget_versions() -> None:
    """Read anew which version is current, after it changed."""
    _known.forget()
