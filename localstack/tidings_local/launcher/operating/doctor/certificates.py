"""Check the certificate of the HTTPS address: the file, and the one that the server shows."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from ...running.certificate import certificate_beside
from ...running.ports import LOOPBACK
from ...running.self_signed import RENEW_DAYS
from .finding import Finding, Level, bad, ok, skipped, warn
from .installation import Installation

HOST = "localhost"
RENEW = "make down, rm {file}, make up"
SECONDS = 5


def check_certificate(installation: Installation) -> Finding:
    file = certificate_beside(installation.stack.certificate)
    if not file.is_file():
        return skipped("no certificate yet: make up makes it")
    found = certificate_finding(file, datetime.now(UTC))
    if found.level != Level.OK or not installation.runs:
        return found
    if problem := served_problem(installation.stack.ports.public, file):
        return bad(f"HTTPS does not work with {file.name}: {problem}", "make down, make up")
    return found


def certificate_finding(file: Path, at: datetime) -> Finding:
    renew = RENEW.format(file=file.with_suffix(""))
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except ValueError:
        return bad(f"{file} is no certificate", renew)
    if HOST not in _names(certificate):
        return bad(f"it is not for {HOST}", renew)
    left = certificate.not_valid_after_utc - at
    if left <= timedelta():
        return bad(f"it expired on {certificate.not_valid_after_utc:%Y-%m-%d}", renew)
    if left < timedelta(days=RENEW_DAYS):
        return warn(f"it expires in {left.days} days", renew)
    return ok(f"for {HOST}, valid for {left.days} days")


def served_problem(port: int, trusted: Path) -> str | None:
    """Return why a client that trusts this certificate cannot connect, or None."""
    context = ssl.create_default_context(cafile=str(trusted))
    try:
        with (
            socket.create_connection((LOOPBACK, port), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=HOST),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        return str(error.verify_message)
    except OSError as error:
        return str(error)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    except x509.ExtensionNotFound:
        return []
    assert isinstance(found.value, x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.DNSName)
