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


def zipped(folder: Path, prefix: str = "") -> bytes:
    """Return a folder as a zip archive, below `prefix`, without compiled Python files.

    Unchanged files give the same bytes, so that Lambda has nothing to update. The archive equals
    the one that `sam build` and the upload of its folder make.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(files_of(folder)):
            entry = zipfile.ZipInfo(prefix + str(file.relative_to(folder)), EARLIEST_ZIP_TIME)
            entry.external_attr = (0o755 if file.stat().st_mode & 0o111 else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
    return out.getvalue()
