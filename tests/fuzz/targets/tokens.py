"""Access tokens: only those that we signed are valid.

The first byte selects our key or a foreign one to sign the next two parts (header and claims, with
a zero byte between them), or takes the rest as an `Authorization` header.
"""

import base64
import json
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm

from tests.unit.platform.builders import claims
from tidings.platform.errors import Unauthenticated
from tidings.platform.secrets import SigningKey, SigningKeys
from tidings.platform.security import auth
from tidings.platform.security.auth import Principal, authenticate
from tidings.platform.security.keys import public_part

# Derived from a number, so that a found input fails again in the next run.
OURS = ec.derive_private_key(1_000_003, ec.SECP256R1())
FOREIGN = ec.derive_private_key(1_000_033, ec.SECP256R1())
PEM = OURS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLISHED = public_part(
    SigningKeys(current="key-1", keys=[SigningKey(kid="key-1", private_key=PEM)])
)
ES256 = ECAlgorithm(ECAlgorithm.SHA256)

HEADER = b'{"alg": "ES256", "typ": "JWT", "kid": "key-1"}'
CLAIMS = json.dumps(claims() | {"iat": 0, "exp": 2**32, "sid": "session-1"}).encode()

TAKEN = [b"o" + HEADER + b"\0" + CLAIMS]
REFUSED = [
    b"f" + HEADER + b"\0" + CLAIMS,
    b'o{"alg": "none", "kid": "key-1"}\0' + CLAIMS,
    b'o{"kid": ["key-1"]}\0' + CLAIMS,
    b"o" + HEADER + b'\0{"exp": 1e999, "sub": {}}',
    b"hBearer e30.e30.e30",
    b"h",
    b"",
]
WORDS = [
    *("alg", "none", "HS256", "kid", "crit", "b64", "jwk", "exp", "iat", "nbf", "aud", "iss"),
    *("sub", "role", "sid", "customer", "1e999", "NaN", "\\ud800", "Bearer ", "null", "true"),
]


def check(data: bytes) -> bool:
    kind, content = data[:1], data[1:]
    header, _, said = content.partition(b"\0")
    if kind == b"h":
        authorization = content.decode(errors="replace")
    else:
        key = OURS if kind == b"o" else FOREIGN
        authorization = f"Bearer {token(header, said, key)}"
    who = principal(authorization)
    if kind == b"o" and who is not None:
        assert (who.user_id, who.role) == (json.loads(said)["sub"], json.loads(said)["role"])
        assert json.loads(header)["alg"] == "ES256"
        return True
    assert who is None
    return False


def principal(authorization: str) -> Principal | None:
    with (
        patch.object(auth, "published_keys", lambda: PUBLISHED),
        patch.object(auth, "refresh_published_keys", lambda _: None),
    ):
        try:
            return authenticate(authorization)
        except Unauthenticated as refused:
            refused.message.encode()
            return None


def token(header: bytes, said: bytes, key: ec.EllipticCurvePrivateKey) -> str:
    signed = b".".join(map(encoded, (header, said)))
    return b".".join([signed, encoded(ES256.sign(signed, key))]).decode()


def encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")
