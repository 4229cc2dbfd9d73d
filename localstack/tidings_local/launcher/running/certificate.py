"""The self-signed certificate of the stack's HTTPS address.

LocalStack would make one too, but in a place that stacks share. Clients trust this one with
`--cacert`, so that they can keep verification on.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from .credentials import write_private

CHECKED_SECONDS = 24 * 3600


def ensure_certificate(file: Path, *, more_names: Sequence[str] = ()) -> None:
    """Ensure a file with key and certificate, and beside it a `.crt` with the certificate."""
    public, mark = certificate_beside(file), file.with_name(file.name + ".checked")
    if file.is_file() and _was_checked(public, mark):
        return
    from . import self_signed  # imports cryptography, once a day

    if file.is_file() and self_signed.is_good(public):
        mark.write_text(_digest(public))
        return
    key, certificate = self_signed.make(more_names)
    write_private(file, key + certificate)
    public.write_text(certificate)


def certificate_beside(file: Path) -> Path:
    return file.with_name(file.name + ".crt")


def _was_checked(certificate: Path, mark: Path) -> bool:
    """Return whether this certificate was checked a short time ago."""
    try:
        is_recent = time.time() - mark.stat().st_mtime < CHECKED_SECONDS
        return is_recent and mark.read_text() == _digest(certificate)
    except OSError:
        return False


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
