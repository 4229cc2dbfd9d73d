"""Tests of the secrets and the certificate of a stack."""

import json
import stat
from dataclasses import asdict
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tidings_local.launcher.running.certificate import certificate_beside, ensure_certificate
from tidings_local.launcher.running.credentials import keep_signing_keys, load_or_make, make


def test_secrets_are_made_once(tmp_path: Path) -> None:
    assert load_or_make(tmp_path) == load_or_make(tmp_path)


def test_no_two_stacks_share_a_secret() -> None:
    one, other = make(), make()
    assert one.rabbitmq_password != other.rabbitmq_password
    assert one.redis_password != other.redis_password
    assert one.signing_keys != other.signing_keys


def test_only_the_owner_can_read_the_secrets(tmp_path: Path) -> None:
    load_or_make(tmp_path)
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_interrupted_write_is_repaired(tmp_path: Path) -> None:
    (tmp_path / "secrets.draft").write_text("{")
    load_or_make(tmp_path)
    assert not (tmp_path / "secrets.draft").exists()


def test_the_current_signing_key_is_an_es256_key() -> None:
    keys = make().signing_keys
    current = next(key for key in keys["keys"] if key["kid"] == keys["current"])
    private = load_pem_private_key(current["private_key"].encode(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert private.curve.name == "secp256r1"


def test_the_certificate_is_for_localhost_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "localhost.pem"
    ensure_certificate(file)
    first = file.read_text()
    ensure_certificate(file)
    assert file.read_text() == first
    made = x509.load_pem_x509_certificate(certificate_beside(file).read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]


def test_broken_certificate_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "localhost.pem"
    ensure_certificate(file)
    certificate_beside(file).write_text("nonsense")
    ensure_certificate(file)
    assert "BEGIN CERTIFICATE" in certificate_beside(file).read_text()


def test_rotated_keys_are_kept_with_the_other_secrets(tmp_path: Path) -> None:
    before, rotated = load_or_make(tmp_path), make().signing_keys
    keep_signing_keys(tmp_path, rotated)
    after = load_or_make(tmp_path)
    assert after.signing_keys == rotated
    assert after.redis_password == before.redis_password
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_secrets_missing_in_an_older_file_are_added(tmp_path: Path) -> None:
    made = load_or_make(tmp_path)
    file = tmp_path / "secrets.json"
    older = json.loads(file.read_text())
    del older["delivery_key"]
    file.write_text(json.dumps(older))
    again = load_or_make(tmp_path)
    assert again.delivery_key not in {"", made.delivery_key}
    assert asdict(again) | older == asdict(again)
    assert load_or_make(tmp_path) == again
