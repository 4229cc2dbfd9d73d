"""Renew the tokens of a session once, even if several tabs ask at the same time.

A refresh token works once, and its second use ends the session, because it may be stolen. But two
tabs may send the same cookie at once. The first request renews, and stores the new tokens for a
short time. Others with the same old token wait for them, and get the same ones. The stored tokens
are encrypted with a key that only the old refresh token gives.
"""

import base64
import hashlib
import json
import time
from typing import Any, Final

from cryptography.fernet import Fernet

from sessions.tokens import Tokens
from tidings.platform.errors import Unavailable
from tidings.platform.inputs.parsing import parsed
from tidings.platform.retention import in_redis
from tidings.platform.security import store
from tidings.users import session_store
from tidings.users.errors import SessionEnded
from tidings.users.schemas import RefreshSession
from tidings.users.sessions import refresh_session

# A browser may have sent requests with the old cookie before it got the new one.
KEPT_SECONDS: Final = in_redis.RENEWED_SESSION.seconds
# A renewal takes milliseconds. If its process dies, another one may try after this time.
RENEWING_SECONDS: Final = 10
WAIT_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.05
RENEWING: Final = "renewing"


def renewed(refresh_token: str) -> Tokens:
    """Return the next tokens of a session.

    Raises:
        SessionEnded: the session has ended, or the token was used before.
        Unavailable: another request renews the tokens, and does not end.
        redis.RedisError: Redis is unavailable.
    """
    key, redis = _key(refresh_token), store.client()
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        found: Any = redis.get(key)
        if found is None:
            _require_session(refresh_token)
            if redis.set(key, RENEWING, nx=True, ex=RENEWING_SECONDS):
                return _renew(refresh_token, key)
        elif found != RENEWING:
            return Tokens(*json.loads(_box(refresh_token).decrypt(found)))
        time.sleep(PAUSE_SECONDS)
    raise Unavailable("The session is being renewed. Try again.")


def _require_session(refresh_token: str) -> None:
    """Refuse tokens of no session before anything is stored: anyone can invent such tokens."""
    if session_store.user_of(refresh_token) is None:
        raise SessionEnded


def _renew(refresh_token: str, key: str) -> Tokens:
    try:
        session = refresh_session(parsed(RefreshSession, {"refresh_token": refresh_token}))
    except SessionEnded:
        store.client().delete(key)  # those who wait find no session
        raise
    tokens = Tokens.of(session)
    content = _box(refresh_token).encrypt(json.dumps(tokens).encode())
    store.client().set(key, content.decode(), ex=KEPT_SECONDS)
    return tokens


def _key(refresh_token: str) -> str:
    return store.key("console-renewal", _hashed("name", refresh_token).hex())


def _box(refresh_token: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_hashed("content", refresh_token)))


def _hashed(purpose: str, refresh_token: str) -> bytes:
    return hashlib.sha256(f"{purpose}:{refresh_token}".encode()).digest()
