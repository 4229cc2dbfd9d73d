"""Time zones: names and rules come from the pinned package `tzdata`, never from the host.

`ZoneInfo(name)` reads the host's files first. Those may be years old, differ between machines, and
contain names of their own (`localtime`, `posixrules`).
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tidings.platform.logging import logger

PACKAGE: Final = "tzdata"
UTC_NAME: Final = "UTC"
# The IANA database's placeholder for an unset zone.
NO_ZONE: Final = frozenset({"Factory"})


class UnknownZone(ValueError):
    """The IANA database has no zone of exactly this name."""


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all IANA zones and links, e.g. `Europe/Berlin` or `UTC`."""
    return frozenset((_folder() / "zones").read_text(encoding="ascii").split()) - NO_ZONE


def zone(name: str) -> ZoneInfo:
    """Return the rules of a zone.

    Raises:
        UnknownZone: no zone has this name.
    """
    if not isinstance(name, str) or name not in zone_names():
        raise UnknownZone(name)
    return _read(str.__str__(name))


def known_or_utc(name: str) -> str:
    """Return the name of a stored zone, or UTC if it is no longer known.

    Earlier versions checked names against the host's files, and the database may drop a name. A
    person's messages must not fail for that.
    """
    if name in zone_names():
        return name
    logger.warning("stored time zone unknown: UTC is used", time_zone=name)
    return UTC_NAME


@cache
def _read(name: str) -> ZoneInfo:
    with (_folder() / "zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _folder() -> Path:
    """Return the package's folder; `importlib.resources` would import `tempfile` and `shutil`."""
    file = import_module(PACKAGE).__file__
    assert file is not None, "it is a package with an __init__"
    return Path(file).parent
