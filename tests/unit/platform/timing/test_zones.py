"""Time zones come from the pinned database, not from the host's."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest

from tests.contract.project import ROOT
from tidings.platform.timing.zones import UnknownZone, zone, zone_names

# Always two hours east of Greenwich: a TZif file of version 1 (RFC 8536).
WRONG_RULES = b"TZif" + bytes(16) + bytes([*bytes(15), 0, *bytes(3), 1, 0, 0, 0, 4])
WRONG_RULES += (7200).to_bytes(4, "big") + bytes(2) + b"XXX\x00"

ON_ANOTHER_HOST = """
import sys, zoneinfo
from datetime import UTC, datetime
assert zoneinfo.TZPATH == (sys.argv[1],), zoneinfo.TZPATH
assert zoneinfo.ZoneInfo("America/Vancouver").utcoffset(datetime(2026, 1, 1)).seconds == 7200
from tidings.platform.timing.zones import zone, zone_names
print(datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone(zone("America/Vancouver")).isoformat())
print("Mars/Olympus" in zone_names(), "localtime" in zone_names())
"""


def offset(name: str, at: str) -> timedelta | None:
    return datetime.fromisoformat(at).replace(tzinfo=UTC).astimezone(zone(name)).utcoffset()


@pytest.mark.parametrize(
    ("name", "at", "hours"),
    [
        ("UTC", "2026-12-10T14:30", 0),
        # British Columbia stays on -07:00 from 2026 on.
        ("America/Vancouver", "2026-01-10T14:30", -8),
        ("America/Vancouver", "2026-12-10T14:30", -7),
        ("Europe/Berlin", "2026-12-10T14:30", 1),
        ("Europe/Berlin", "2026-07-10T14:30", 2),
        ("Asia/Kolkata", "2026-07-10T14:30", 5.5),
        ("Asia/Calcutta", "2026-07-10T14:30", 5.5),
        ("Pacific/Chatham", "2026-12-10T14:30", 13.75),
    ],
)
def test_rules_are_those_of_the_pinned_release(name: str, at: str, hours: float) -> None:
    assert offset(name, at) == timedelta(hours=hours)


def test_every_name_has_rules() -> None:
    assert len(zone_names()) > 500
    for name in zone_names():
        assert zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        *("localtime", "posixrules", "Factory", "leapseconds", "zones", "tzdata.zi", "__init__"),
        *("posix/Europe/Berlin", "right/Europe/Berlin", "europe/berlin", "utc", "Europe"),
        *("../zones", "../../etc/passwd", "/etc/localtime", "Europe/../Europe/Berlin", "", "."),
        *("Europe/Berlin\x00", "Europe/Berlin ", "Europe\\Berlin", "EST5EDT4,M3.2.0,M11.1.0"),
    ],
)
def test_other_names_are_unknown(name: str) -> None:
    with pytest.raises(UnknownZone):
        zone(name)


@pytest.mark.parametrize("value", [None, 1, ["Europe/Berlin"], {}])
def test_values_that_are_not_text_are_unknown(value: object) -> None:
    with pytest.raises(UnknownZone):
        zone(value)  # type: ignore[arg-type]


def test_host_with_other_rules_and_names_changes_nothing(tmp_path: Path) -> None:
    for name in ("America/Vancouver", "Mars/Olympus", "localtime"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(WRONG_RULES)
    packages = Path(str(files("tzdata"))).parent
    done = subprocess.run(
        [sys.executable, "-c", ON_ANOTHER_HOST, str(tmp_path)],
        env={
            "PYTHONTZPATH": str(tmp_path),
            "PYTHONPATH": f"{ROOT / 'layers/tidings'}:{packages}",
            "TZ": "Mars/Olympus",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["2026-07-01T05:00:00-07:00", "False", "False"]


def test_layer_has_the_same_release_as_the_tests() -> None:
    pinned = (ROOT / "layers/dependencies/requirements.txt").read_text().splitlines()
    assert f"tzdata=={version('tzdata')} \\" in pinned
    assert tuple(map(int, version("tzdata").split("."))) >= (2026, 6)  # IANA 2026f
