"""The required programs that are not Python packages: found, or installed by apt-get."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .. import progress
from ..errors import LauncherError
from ..settings import STATE, inherited_environment


@dataclass(frozen=True)
class Program:
    name: str
    apt_package: str
    brew_package: str
    places: tuple[str, ...] = ()
    """Searched before the PATH."""

    def find(self, path: str) -> str | None:
        for place in self.places:
            if Path(place).is_file():
                return place
        return shutil.which(self.name, path=path)


# Debian's /usr/sbin/rabbitmq-server is a wrapper that switches users; this is the server.
RABBITMQ = Program(
    "rabbitmq-server",
    "rabbitmq-server",
    "rabbitmq",
    (
        "/usr/lib/rabbitmq/bin/rabbitmq-server",
        "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
        "/usr/local/opt/rabbitmq/sbin/rabbitmq-server",
    ),
)
EPMD = Program("epmd", "rabbitmq-server", "erlang", ("/usr/bin/epmd",))
CHROMIUM = Program("chromium", "chromium", "--cask chromium")
PROMETHEUS = Program("prometheus", "prometheus", "prometheus")
# A library that changes the clocks of functions in the fault tests.
FAKETIME = Program(
    "libfaketime.so.1",
    "libfaketime",
    "libfaketime",
    tuple(
        f"/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1"
        for machine in ("x86_64", "aarch64")
    ),
)
# Debian has none of these: their makers' packages put them on the PATH.
GRAFANA = Program("grafana", "grafana", "grafana")
# Debian's package `loki` is another program, at /usr/bin/loki.
LOKI = Program("loki-linux-amd64", "grafana-loki", "loki", ("/opt/loki/loki",))
ALLOY = Program("alloy", "alloy", "grafana-alloy")
# Version 2; version 1, `jaeger-all-in-one`, is no longer maintained.
JAEGER = Program("jaeger", "jaeger", "jaeger")
REDIS = Program("redis-server", "redis-server", "redis")


def check(wanted: Iterable[Program]) -> None:
    """Refuse if a program is missing that the launcher cannot install."""
    if (missing := _missing(wanted)) and not _can_use_apt():
        raise LauncherError(how_to_bring(missing))


def install_missing(wanted: Iterable[Program]) -> None:
    programs = list(wanted)
    if missing := _missing(programs):
        _apt_install(sorted({program.apt_package for program in missing}))
    if still := _missing(programs):
        raise LauncherError(how_to_bring(still), log=_apt_log())


def install_where_possible(wanted: Iterable[Program]) -> None:
    """Install missing programs if that needs no one's help; otherwise leave them out."""
    programs = list(wanted)
    if _missing(programs) and _can_use_apt():
        install_missing(programs)


def location(program: Program) -> str:
    found = program.find(search_path())
    if found is None:
        raise LauncherError(how_to_bring([program]))
    return found


def is_installed(program: Program) -> bool:
    return program.find(search_path()) is not None


def search_path() -> str:
    """Return the PATH with the folders of servers that a person's PATH often lacks."""
    return inherited_environment()["PATH"] + os.pathsep + "/usr/sbin"


def how_to_bring(missing: list[Program]) -> str:
    names = " and ".join(program.name for program in missing)
    apt = " ".join(sorted({program.apt_package for program in missing}))
    brew = " ".join(sorted({program.brew_package for program in missing}))
    return (
        f"{names} missing: `sudo apt-get install {apt}`, `brew install {brew}`,"
        " or run the services in Docker with `make up ENGINE=docker`"
    )


def _missing(programs: Iterable[Program]) -> list[Program]:
    return [program for program in programs if program.find(search_path()) is None]


def _can_use_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get", path=search_path()) is not None


def _apt_log() -> Path:
    return STATE / "apt.log"


def _apt_install(packages: list[str]) -> None:
    progress.step(f"installing {', '.join(packages)} with apt-get")
    wait = ["-o", "DPkg::Lock::Timeout=120"]
    with _apt_log().open("w") as log:
        # The lists may be old: after a failed update the installation is still tried.
        _apt(["apt-get", *wait, "update"], log.fileno())
        install = ["apt-get", *wait, "install", "-y", "--no-install-recommends", *packages]
        done = _apt(install, log.fileno())
    if done:
        raise LauncherError(f"apt-get could not install {', '.join(packages)}", log=_apt_log())
    _stop_system_services(packages)


def _apt(command: list[str], log: int) -> int:
    environment = inherited_environment() | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
    )
    return done.returncode


def _stop_system_services(packages: list[str]) -> None:
    """Stop the services that Debian starts after an installation: a stack runs its own."""
    if Path("/run/systemd/system").is_dir():
        command = ["systemctl", "disable", "--now", *packages]
        subprocess.run(command, capture_output=True, check=False)
