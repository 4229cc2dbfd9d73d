"""A certificate that is expired, for another name, or not the one that the server shows."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tidings_local.launcher.operating.doctor.certificates import (
    certificate_finding,
    check_certificate,
    served_problem,
)
from tidings_local.launcher.operating.doctor.finding import Level
from tidings_local.launcher.operating.doctor.installation import Installation
from tidings_local.launcher.running.certificate import certificate_beside, ensure_certificate
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import Settings

NOW = datetime.now(UTC)


def made(file: Path) -> Path:
    ensure_certificate(file)
    return certificate_beside(file)


@pytest.mark.parametrize(
    ("days", "level"),
    [(0, Level.OK), (700, Level.OK), (800, Level.WARN), (821, Level.BAD)],
)
def test_certificate_is_renewed_before_it_expires(days: int, level: Level, tmp_path: Path) -> None:
    found = certificate_finding(made(tmp_path / "localhost.pem"), NOW + timedelta(days=days))
    assert found.level == level, found
    assert (level == Level.OK) or f"rm {tmp_path / 'localhost.pem'}" in found.do


def test_certificate_for_another_name_is_found(tmp_path: Path) -> None:
    file = tmp_path / "localhost.pem.crt"
    file.write_bytes(self_signed("shop.example")[1])
    found = certificate_finding(file, NOW)
    assert (found.level, found.found) == (Level.BAD, "it is not for localhost")


def test_file_that_is_no_certificate_is_found(tmp_path: Path) -> None:
    file = tmp_path / "localhost.pem.crt"
    file.write_text("nothing")
    assert certificate_finding(file, NOW).level == Level.BAD


def test_stack_without_certificate_is_left_out(tmp_path: Path) -> None:
    stack = Stack("some", tmp_path, Ports(43210))
    assert check_certificate(Installation(stack, Settings())).level == Level.SKIPPED


def test_server_with_the_files_certificate_is_trusted(tmp_path: Path) -> None:
    trusted = made(tmp_path / "localhost.pem")
    with serving(tmp_path / "localhost.pem") as port:
        assert served_problem(port, trusted) is None


@pytest.mark.parametrize(
    ("name", "ends", "problem"),
    [
        ("localhost", timedelta(days=-1), "expired"),
        ("shop.example", timedelta(days=1), "not valid for 'localhost'"),
    ],
)
def test_bad_certificate_of_the_server_is_found(
    name: str, ends: timedelta, problem: str, tmp_path: Path
) -> None:
    key, certificate = self_signed(name, ends)
    (tmp_path / "own.pem").write_bytes(key + certificate)
    (tmp_path / "own.crt").write_bytes(certificate)
    with serving(tmp_path / "own.pem") as port:
        assert problem in (served_problem(port, tmp_path / "own.crt") or "")


def test_server_with_another_certificate_is_found(tmp_path: Path) -> None:
    made(tmp_path / "served.pem")
    with serving(tmp_path / "served.pem") as port:
        assert "self-signed" in (served_problem(port, made(tmp_path / "other.pem")) or "")


def test_port_without_a_server_is_found(tmp_path: Path) -> None:
    trusted = made(tmp_path / "localhost.pem")
    with serving(tmp_path / "localhost.pem") as port:
        pass
    assert "refused" in (served_problem(port, trusted) or "")


@contextmanager
def serving(file: Path) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def self_signed(name: str, ends: timedelta = timedelta(days=1)) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=10))
        .not_valid_after(NOW + ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)
