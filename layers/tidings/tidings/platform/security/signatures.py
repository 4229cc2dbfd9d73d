"""Derive one key for each purpose from the delivery key, and sign texts with it."""

import base64
import hashlib
import hmac

from tidings.platform.secrets import delivery_key


def derived_key(purpose: str, subject: str = "") -> bytes:
    """Return the key of a purpose (and subject); it reveals nothing about any other key."""
    message = f"{purpose}:{subject}".encode()
    return hmac.new(delivery_key().encode(), message, hashlib.sha256).digest()


def signature(purpose: str, text: str) -> str:
    """Return a signature that proves that we wrote a text for a purpose; safe in a URL."""
    mac = hmac.new(derived_key(purpose), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:18]).decode()


def is_signed(purpose: str, text: str, offered: str) -> bool:
    """Say whether a signature is ours, in constant time."""
    return hmac.compare_digest(signature(purpose, text).encode(), offered.encode())


def blind_index(purpose: str, text: str) -> str:
    """Return a keyed hash of personal data, for equality lookups only."""
    return hmac.new(derived_key(purpose), text.encode(), hashlib.sha256).hexdigest()
