"""Make the virtual environments that Tidings needs, then start the launcher.

This program runs first, on a machine that has only Python 3.11 and pip, so it uses only the
standard library. pip installs `uv` into a separate folder, and `uv` installs each set of packages
from its pinned and hashed requirements file.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+@~-]{1,100}")
"""The characters that shells, make, shebang lines, configuration files and Unix sockets accept."""


def plain_path(clone: Path) -> Path:
    """Return the clone's path, or that of a link to it if the name is not plain.

    The link's path is derived from the clone's, so that each process finds the same one.
    """
    if PLAIN_PATH.fullmatch(str(clone)):
        return clone
    return _links_folder() / hashlib.sha256(os.fsencode(clone)).hexdigest()[:12]


def _links_folder() -> Path:
    try:  # not $HOME, which services do not share
        home = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".local" / "state" / "tidings"
    except KeyError:
        home = Path()
    if home.is_absolute() and len(str(home)) < 80 and PLAIN_PATH.fullmatch(str(home)):
        return home
    return Path("/var/tmp") / f"tidings-{os.getuid()}"  # noqa: S108 (its owner is checked)


CLONE = Path(__file__).resolve().parent.parent
ROOT = plain_path(CLONE)
STATE = ROOT / ".tidings"
VENVS = STATE / "venvs"
REQUIREMENTS = ROOT / "localstack" / "requirements"
UV = VENVS / "boot" / "bin" / "uv"
COMPILE_TOGETHER = {
    "live": ("runtime", "../../layers/dependencies/requirements"),
    "dev": ("stack", "runtime", "live", "../../layers/dependencies/requirements"),
}
"""Sets that must agree on versions with other sets."""


CHALICE_COMMAND_LINE = (
    *("blessed", "botocore", "click", "editor", "inquirer", "jinxed"),
    *("jmespath", "packaging", "pip", "python-dateutil", "pyyaml", "readchar", "runs"),
    *("setuptools", "six", "urllib3", "wcwidth", "wheel", "xmod"),
)
"""Packages that Chalice requires for its command line; AWS's runtime has those of boto3."""


class BootstrapError(Exception):
    """A problem of this machine prevents the environments from being made."""


def link_clone(clone: Path = CLONE, link: Path = ROOT) -> None:
    """Make the link by which programs find a clone whose name is not plain."""
    if link == clone or (link.is_symlink() and link.readlink() == clone):
        return
    link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if link.parent.stat().st_uid != os.getuid():
        raise BootstrapError(
            f"{link.parent} belongs to another user: move this clone to a folder"
            " whose path has letters, digits and hyphens only"
        )
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.symlink_to(clone)
    draft.replace(link)
    say(f"not every program accepts this folder's name: they use {link}")


def python_of(name: str) -> Path:
    return VENVS / name / "bin" / "python"


def ensure(*names: str) -> None:
    """Install the named sets that are missing or out of date, several at a time."""
    if not outdated(names):
        return
    with _only_installer():
        missing = outdated(names)
        first = outdated(["boot", "stack"])  # it installs the others
        for name in first:
            _install(name)
        _in_parallel([name for name in missing if name not in first])


def outdated(names: tuple[str, ...] | list[str]) -> list[str]:
    return [name for name in names if _stamp(name) != fingerprint(name)]


def fingerprint(name: str) -> str:
    """Return a hash of a set's requirements, this interpreter and the folder's path."""
    digest = hashlib.sha256((REQUIREMENTS / f"{name}.txt").read_bytes())
    digest.update(f"{sys.version_info[:3]} {VENVS}".encode())
    if name == "localstack":  # the installation reads its entry points from our distribution
        digest.update((ROOT / "localstack" / "pyproject.toml").read_bytes())
    return digest.hexdigest()


def _stamp(name: str) -> str:
    stamp = VENVS / name / ".installed"
    return stamp.read_text() if stamp.is_file() and python_of_or_uv(name).exists() else ""


def python_of_or_uv(name: str) -> Path:
    return UV if name == "boot" else python_of(name)


@contextlib.contextmanager
def _only_installer() -> Iterator[None]:
    """Let one process install at a time: a second `make` waits for the first."""
    VENVS.mkdir(parents=True, exist_ok=True)
    with (VENVS / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another make that installs Python packages")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _in_parallel(names: list[str]) -> None:
    failures: list[BootstrapError] = []

    def install(name: str) -> None:
        try:
            _install(name)
        except BootstrapError as error:
            failures.append(error)

    threads = [threading.Thread(target=install, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _install(name: str) -> None:
    started, wanted = time.monotonic(), fingerprint(name)
    say(f"installing Python packages: {name}")
    shutil.rmtree(VENVS / name, ignore_errors=True)  # the rest of an interrupted installation
    if name == "boot":
        _install_uv()
    else:
        _install_with_uv(name)
    (VENVS / name / ".installed").write_text(wanted)
    say(f"installed {name} ({time.monotonic() - started:.0f} s)")


def _install_uv() -> None:
    # --target instead of a venv: Debian's Python cannot make venvs without python3-venv.
    requirements = str(REQUIREMENTS / "boot.txt")
    options = ["--quiet", "--no-warn-script-location", "--disable-pip-version-check"]
    target = ["--require-hashes", "--target", str(VENVS / "boot"), "-r", requirements]
    _run("boot", [sys.executable, "-m", "pip", "install", *options, *target])


def _install_with_uv(name: str) -> None:
    uv, python = str(UV), str(python_of(name))
    _run(name, [uv, "venv", "--quiet", "--python", sys.executable, str(VENVS / name)])
    install = [uv, "pip", "install", "--quiet", "--python", python]
    _run(name, [*install, "--require-hashes", "-r", str(REQUIREMENTS / f"{name}.txt")])
    if name == "localstack":
        _install_our_plugins(python)


def _install_our_plugins(python: str) -> None:
    """Install our distribution, by whose entry points LocalStack finds our plugins.

    It is built in the stack's environment, because plux in LocalStack's own environment hooks into
    setuptools and breaks the build of every editable distribution.
    """
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True)  # noqa: S603
    install = [str(UV), "pip", "install", "--quiet", "--python", str(python_of("stack"))]
    editable = ["--no-deps", "--no-build-isolation", "-e", str(ROOT / "localstack")]
    _run("localstack", [*install, "--target", done.stdout.strip(), *editable])


def _run(name: str, command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 (our own command lines)
        command, env=uv_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        shutil.rmtree(VENVS / name, ignore_errors=True)
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise BootstrapError(f"cannot install the Python packages of {name}:\n{tail}{_advice()}")


def _advice(system: str = sys.platform) -> str:
    """Say what helps on a system for which some packages have no wheels."""
    if system == "linux":
        return ""
    return (
        "\nSome packages have no wheels for this system, and are built with a compiler"
        " (docs/platforms.md). The dev container of this clone has all of them."
    )


def uv_environment() -> dict[str, str]:
    """Return this environment with pip's settings translated to those of uv."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_ARG_")
    }  # an installer must not get a password
    environment.pop("VIRTUAL_ENV", None)
    environment.setdefault("UV_SYSTEM_CERTS", "1")  # a company's proxy has its own authority
    environment["UV_NO_CONFIG"] = "1"
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    environment["UV_LINK_MODE"] = environment.get("UV_LINK_MODE", "hardlink")
    for pip_name, uv_name in _PIP_TO_UV.items():
        if pip_name in environment:
            environment.setdefault(uv_name, environment[pip_name])
    return environment


_PIP_TO_UV = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_CERT": "SSL_CERT_FILE"}


def lock() -> None:
    """Compile every requirements file again from its source."""
    ensure("boot")
    together = list(COMPILE_TOGETHER)
    sources = sorted(
        REQUIREMENTS.glob("*.in"),
        key=lambda path: together.index(path.stem) + 1 if path.stem in together else 0,
    )
    for source in sources:
        agree = [f"-c{REQUIREMENTS / other}.txt" for other in COMPILE_TOGETHER.get(source.stem, ())]
        say(f"compiling {source.stem}")
        options = ["--quiet", "--no-emit-index-url", "--no-header", "--generate-hashes"]
        target = ["--universal", "--python-version", "3.11", "--upgrade"]
        files = [str(source), *agree, "-o", str(source.with_suffix(".txt"))]
        _run("lock", [str(UV), "pip", "compile", *options, *target, *files])

    _lock_layer()


def _lock_layer() -> None:
    """Lock the third-party layer, without packages that only Chalice's command line imports."""
    say("compiling layers/dependencies")
    source = ROOT / "layers" / "dependencies" / "requirements.in"
    options = ["--quiet", "--no-emit-index-url", "--no-header", "--generate-hashes", "--upgrade"]
    left_out = [f"--no-emit-package={name}" for name in CHALICE_COMMAND_LINE]
    target = ["--python-version", "3.11", str(source), "-o", str(source.with_suffix(".txt"))]
    _run("lock", [str(UV), "pip", "compile", *options, *left_out, *target])


def say(message: str) -> None:
    sys.stderr.write(f"  {message}\n")
    sys.stderr.flush()


def launch(arguments: list[str]) -> None:
    """Replace this process by the launcher; return only if that is impossible."""
    ensure("stack")
    # And the application: it reads tables for the launcher (tidings.platform.inputs.tables).
    sources = os.pathsep.join(str(ROOT / each) for each in ("localstack", "layers/tidings"))
    environment = dict(os.environ, PYTHONPATH=sources)
    python = str(python_of("stack"))
    os.chdir(ROOT)
    os.execve(python, [python, "-m", "tidings_local.launcher", *arguments], environment)  # noqa: S606


def main(arguments: list[str]) -> int:
    if sys.version_info[:2] != (3, 11):
        found = ".".join(map(str, sys.version_info[:3]))
        say(f"Tidings needs Python 3.11, this is {found}: make PYTHON=/path/to/python3.11 ...")
        return 1
    try:
        link_clone()
        if arguments[:1] == ["lock"]:
            lock()
        elif arguments[:1] == ["install"]:
            ensure(*arguments[1:])
        else:
            launch(arguments)
    except BootstrapError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
