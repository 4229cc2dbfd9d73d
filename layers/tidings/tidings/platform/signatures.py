"""Keys for one purpose each, made from the one delivery key; and what they sign."""

import base64
import hashlib
import hmac

from tidings.platform.secrets import delivery_key


def derived_key(purpose: str, subject: str = "") -> bytes:
    """Return the key of a purpose (and subject); knowing it tells nothing of any other."""
    message = f"{purpose}:{subject}".encode()
    return hmac.new(delivery_key().encode(), message, hashlib.sha256).digest()


def signature(purpose: str, text: str) -> str:
    """Return what proves that we wrote a text for that purpose, for a URL."""
    mac = hmac.new(derived_key(purpose), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:18]).decode()


def is_signed(purpose: str, text: str, offered: str) -> bool:
    """Say whether a signature is ours; takes as long whatever it is."""
    return hmac.compare_digest(signature(purpose, text).encode(), offered.encode())


def blind_index(purpose: str, text: str) -> str:
    """Return what stands for personal data where only equality is asked."""
    return hmac.new(derived_key(purpose), text.encode(), hashlib.sha256).hexdigest()
