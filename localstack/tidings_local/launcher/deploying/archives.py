"""Zip archives of folders: equal files give equal bytes."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .fingerprints import files_of

EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
LAYER_FOLDER = "python/"
"""The folder in which Lambda expects a layer's Python packages."""


@dataclass(frozen=True)
class Archive:
    content: bytes

    @cached_property
    def sha256(self) -> str:
        """Return the digest in Lambda's format, base64."""
        return base64.b64encode(bytes.fromhex(self.hexdigest)).decode()

    @cached_property
    def hexdigest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


BUILD_FILE = "Makefile"
"""Makes a package by `sam build`, and is no part of it."""


def zipped(folder: Path, prefix: str = "", *, compiled: bool = False) -> bytes:
    """Return a folder as a zip archive, below `prefix`, with its compiled files if `compiled`.

    Unchanged files give the same bytes, so that Lambda has nothing to update. The archive has the
    files of `sam build`. Code has no compiled files: the host compiles it when it unpacks it, so
    that changed code never runs an old one.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        found = (each for each in files_of(folder, compiled=compiled) if each.name != BUILD_FILE)
        for file in sorted(found):
            entry = zipfile.ZipInfo(prefix + str(file.relative_to(folder)), EARLIEST_ZIP_TIME)
            entry.external_attr = (0o755 if file.stat().st_mode & 0o111 else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
    return out.getvalue()
