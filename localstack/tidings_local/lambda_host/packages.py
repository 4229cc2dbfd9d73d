"""Unpack code and layers once for each content, completely or not at all, and compile them."""

import logging
import os
import shutil
import stat
import subprocess
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Lock

from tidings_local.lambda_host.errors import BadPackageError

logger = logging.getLogger(__name__)

UNZIPPED_LIMIT_BYTES = 262_144_000  # AWS: code and layers together, unzipped
_COMPILE_LIMIT_SECONDS = 300
_MANY_FILES = 200


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip archive that is read only if its content is not unpacked yet."""

    digest: str
    read: Callable[[], bytes]

    @classmethod
    def of(cls, content: bytes) -> "Archive":
        return cls(sha256(content).hexdigest(), lambda: content)


class PackageStore:
    """Unpacks archives; `interpreter` compiles the files, without one nothing is compiled."""

    def __init__(self, directory: Path, interpreter: Path | None = None) -> None:
        self._directory = directory.absolute() / "packages"
        self._interpreter = interpreter
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)
        self._lock = Lock()

    def unpack(self, archives: Sequence[Archive]) -> Path:
        """Return one folder with all archives merged; later ones win, as in AWS's /opt."""
        target = self._directory / _content_key(archives, compiled=self._interpreter is not None)
        with self._lock:
            lock = self._locks[target.name]
        with lock:
            if not target.is_dir():
                self._build(archives, target)
        return target

    def _build(self, archives: Sequence[Archive], target: Path) -> None:
        staging = self._directory / f".staging-{uuid.uuid4().hex}"
        try:
            staging.mkdir(parents=True)
            if len(archives) == 1:
                self._unpack_one(archives[0], staging, target)
            else:
                # Of two layers, one changes with each deployment; the other has 4,000 files.
                for archive in archives:
                    link_over(self.unpack([archive]), staging)
            _move(staging, target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _unpack_one(self, archive: Archive, staging: Path, target: Path) -> None:
        extract(archive.read(), staging)
        if self._interpreter is not None:
            compile_folder(self._interpreter, staging, seen_as=target)


def link_over(folder: Path, target: Path) -> None:
    """Merge a folder into another one by links to its files."""
    shutil.copytree(folder, target, copy_function=_link, dirs_exist_ok=True)


def _link(file: str, target: str) -> None:
    covered = Path(target)
    if covered.exists():
        covered.unlink()
        for compiled in covered.parent.glob(f"__pycache__/{covered.stem}.*.pyc"):
            compiled.unlink()
    os.link(file, target)


def extract(content: bytes, folder: Path) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > UNZIPPED_LIMIT_BYTES:
                raise BadPackageError(f"unzipped size is over {UNZIPPED_LIMIT_BYTES} bytes")
            for member in members:
                _extract_member(archive, member, folder)
    except zipfile.BadZipFile as error:
        raise BadPackageError(f"not a zip archive: {error}") from error


def compile_folder(interpreter: Path, folder: Path, seen_as: Path) -> None:
    """Compile the files that have no compiled file.

    A file that does not compile fails when the function imports it.
    """
    missing = [each for each in folder.rglob("*.py") if not _compiled(each).is_file()]
    if not missing:
        return
    jobs = "0" if len(missing) > _MANY_FILES else "1"
    command = [str(interpreter), "-m", "compileall", "-q", "-j", jobs]
    command += ["-s", str(folder), "-p", str(seen_as), "-i", "-"]
    done = subprocess.run(
        command,
        input="\n".join(map(str, missing)).encode(),
        capture_output=True,
        check=False,
        timeout=_COMPILE_LIMIT_SECONDS,
        env={},
    )
    if done.returncode:
        logger.info("some files do not compile", extra={"output": done.stdout.decode()[-2000:]})


def _compiled(file: Path) -> Path:
    """Return the path that Python 3.11 reads, whichever Python the host runs on."""
    return file.parent / "__pycache__" / f"{file.stem}.cpython-311.pyc"


def _content_key(archives: Sequence[Archive], *, compiled: bool) -> str:
    parts = [archive.digest for archive in archives]
    return sha256("\n".join([str(compiled), *parts]).encode()).hexdigest()[:32]


def _extract_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / member.filename
    if not Path(os.path.normpath(target)).is_relative_to(folder):
        raise BadPackageError(f"archive writes outside of its folder: {member.filename}")
    mode = member.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise BadPackageError(f"archive contains a symbolic link: {member.filename}")
    archive.extract(member, folder)
    if not member.is_dir():
        target.chmod(0o755 if mode & stat.S_IXUSR else 0o644)


def _move(staging: Path, target: Path) -> None:
    try:
        staging.rename(target)
    except OSError:
        if not target.is_dir():  # no other host was faster, so this is our own error
            raise
