"""Normalize e-mail addresses to one form (docs/decisions/0074).

Two spellings of one mailbox are equal after `canonical`. That form is stored, looked up, counted
and hashed. `envelope_address` returns the form for mail servers.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from tidings.platform.text.hostnames import ascii_host, readable_host

if TYPE_CHECKING:
    from email_validator import ValidatedEmail

# RFC 5321 section 4.5.3.1 allows 256 octets for a path with its angle brackets.
MAX_CHARACTERS: Final = 254
MAX_LOCAL_CHARACTERS: Final = 64
_ENCODED_WORD: Final = "=?"
# An address in a report may follow an address type (RFC 3464 section 2.1.2) and precede a comment
# (RFC 5322 section 3.2.2).
_REPORTED: Final = re.compile(
    r"(?:(?:rfc822|utf-8) *;|mailto:)? *(.*?) *(?:\([^()]*\))?", re.IGNORECASE | re.DOTALL
)
_NAME_AND_ADDRESS: Final = re.compile(r"(.*)<([^<>]+)>", re.DOTALL)


class BadAddress(ValueError):
    """The text is not an address that mail can be sent to. The message can be shown to users."""


def canonical(address: str) -> str:
    """Return an address in the form in which it is stored and compared.

    The domain is in its own script (U-labels, NFC, lower case, no trailing dot). The local part is
    in lower case and has no unnecessary quotes.

    Raises:
        BadAddress: the text is not exactly one e-mail address.
    """
    return _canonical(_checked(address))


def mailable(address: str) -> str:
    """Return the canonical form of an address that every mail server accepts.

    Use it for addresses that are stored from now on.

    Raises:
        BadAddress: the text is not an address, its local part is longer than 64 characters, or it
            needs more than plain ASCII characters.
    """
    found = canonical(address)
    local, _, _ = envelope_address(found).rpartition("@")
    if len(local) > MAX_LOCAL_CHARACTERS:
        raise BadAddress(f"Mail servers accept {MAX_LOCAL_CHARACTERS} characters before the @.")
    return found


def canonical_of_report(address: str) -> str:
    """Return the canonical form of an address in a report: `<a@b>`, `"N" <a@b>`, `rfc822; a@b`.

    Mail servers also report addresses that cannot be registered. A text that is not an address is
    returned in lower case; it equals no stored address.
    """
    reported = _REPORTED.fullmatch(address.strip())
    _, alone = mailbox_parts(reported[1] if reported else address)
    try:
        return _canonical(_checked(alone))
    except BadAddress:
        return _tolerated(alone)


def envelope_address(address: str) -> str:
    """Return an address for mail servers without SMTPUTF8: the domain is in punycode.

    Raises:
        BadAddress: the address has no such form.
    """
    checked = _checked(address)
    local, domain = checked.ascii_local_part, checked.ascii_domain
    if local is None:
        raise BadAddress(
            "Mail servers do not accept these letters before the @; use an address of a-z and 0-9."
        )
    if local.startswith('"') or _ENCODED_WORD in local:
        raise BadAddress("Mail servers do not accept these signs before the @; use a-z and 0-9.")
    return f"{local}@{domain}"


def as_searched(part: str) -> str:
    """Return a part of an address as stored addresses contain it: `@xn--fa-hia.de` is `@faß.de`."""
    local, at, domain = mailbox_parts(part)[1].lower().rpartition("@")
    return f"{local}{at}{readable_host(domain)}"


def mailbox_parts(text: str) -> tuple[str, str]:
    """Return the name and the address of `Name <address>`; the name may be empty."""
    found = _NAME_AND_ADDRESS.fullmatch(text.strip())
    return (found[1].strip(), found[2].strip()) if found else ("", text.strip())


def _checked(address: str) -> "ValidatedEmail":
    # Its patterns take as long to compile as a model; most functions read no address.
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(
            address.strip().removesuffix("."),
            check_deliverability=False,
            allow_quoted_local=True,
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise BadAddress(f"This is not an e-mail address: {error}") from None


def _canonical(checked: "ValidatedEmail") -> str:
    return f"{checked.local_part.lower()}@{checked.domain}"


def _tolerated(address: str) -> str:
    local, at, domain = address.lower().rpartition("@")
    try:
        return f"{local}{at}{ascii_host(domain.removesuffix('.'))}"
    except ValueError:
        return address.lower()


def _or_refusal(form: Callable[[str], str]) -> Callable[[str], str]:
    def read(address: str) -> str:
        try:
            return form(address)
        except BadAddress as error:
            raise PydanticCustomError("email", "{reason}", {"reason": str(error)}) from None

    return read


_Text = Annotated[str, Field(max_length=MAX_CHARACTERS, json_schema_extra={"format": "email"})]
# For an account that may already exist, also one that was stored before `NewEmail` was this strict.
Email = Annotated[_Text, AfterValidator(_or_refusal(canonical))]
# For addresses that are stored from now on.
NewEmail = Annotated[_Text, AfterValidator(_or_refusal(mailable))]
