"""Find the templates that contain a one-time code, such as one that sets a new password.

A variable contains a code if its name says so. The events with codes use such names; a contract
test ensures that (tests/contract/test_codes.py).
"""

import re
from typing import Final

from tidings.templates import builtin
from tidings.templates.schemas import TemplateContent

_CODE_NAME: Final = re.compile(
    r"(?:.*_)?(?:otp|totp|pin|password|passcode|secret|token)"
    r"|code"
    r"|(?:.*_)?(?:verification|confirmation|reset|recovery|login|signin|sign_in|access|security"
    r"|auth|mfa|phone|email|mail|sms|one_time|unlock)_code"
)


def is_code_name(name: str) -> bool:
    """Say whether a variable of this name contains a code."""
    return _CODE_NAME.fullmatch(name) is not None


def code_variables(content: TemplateContent) -> frozenset[str]:
    """Return the declared variables that contain a code."""
    names = (*content.required_variables, *content.optional_variables)
    return frozenset(name for name in names if is_code_name(name))


def carries_code(code: str, content: TemplateContent) -> bool:
    """Say whether a template contains a code, in this content or in its built-in version."""
    built_in = builtin.content_of(code)
    return bool(code_variables(content) or (built_in and code_variables(built_in)))
