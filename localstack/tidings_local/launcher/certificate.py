"""The certificate that the stack's HTTPS address shows: self-made, its own, verifiable.

LocalStack would make one too, but in a place that stacks share. Clients trust this one with
`--cacert`, so that nobody has to switch verification off.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .credentials import write_private

VALID_DAYS = 820
"""Apple's systems refuse longer ones."""
RENEW_DAYS = 30


def ensure_certificate(file: Path) -> None:
    """Key and certificate in one file, the certificate alone beside it as `.crt`."""
    if file.is_file() and _is_good(file):
        return
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _self_signed(key).public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(file, private.decode() + certificate)
    certificate_beside(file).write_text(certificate)


def certificate_beside(file: Path) -> Path:
    return file.with_name(file.name + ".crt")


def _is_good(file: Path) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(certificate_beside(file).read_bytes())
    except (OSError, ValueError):
        return False
    return certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=RENEW_DAYS)


def _self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
