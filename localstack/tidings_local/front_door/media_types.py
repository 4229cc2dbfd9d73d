"""The media types that an API handles as bytes instead of text."""

from collections.abc import Iterable


class BinaryMediaTypes:
    """Built once for a stage."""

    def __init__(self, types: Iterable[str]) -> None:
        plain = {_essence(each) for each in types}
        self._all = "*/*" in plain
        self._families = frozenset(each[:-1] for each in plain if each.endswith("/*"))
        self._types = frozenset(plain)

    def include(self, header: str | None) -> bool:
        """Return whether the first type of a `Content-Type` or `Accept` header is binary."""
        if self._all or not self._types:
            return self._all
        if not header:
            return False
        first = _essence(header.partition(",")[0])
        return first in self._types or first[: first.find("/") + 1] in self._families


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
