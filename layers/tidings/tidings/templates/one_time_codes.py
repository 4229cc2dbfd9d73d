"""Names of variables that contain a one-time code, such as one that sets a new password.

A variable contains a code if its name says so. The events with codes use such names; a contract
test ensures that (tests/contract/test_codes.py).
"""

import re
from typing import Final

_CODE_NAME: Final = re.compile(
    r"(?:.*_)?(?:otp|totp|pin|password|passcode|secret|token)"
    r"|code"
    r"|(?:.*_)?(?:verification|confirmation|reset|recovery|login|signin|sign_in|access|security"
    r"|auth|mfa|phone|email|mail|sms|one_time|unlock)_code"
)


def is_code_name(name: str) -> bool:
    """Say whether a variable of this name contains a code."""
    return _CODE_NAME.fullmatch(name) is not None
