"""Simulated recipients: persons, addresses, numbers and tokens that exist only for tests.

Messages to them get the outcome that their name says, and nothing leaves (docs/send-api.md). Each
form is reserved for such purposes, so that no real recipient has it.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What happens to the messages of a simulated recipient."""

    DELIVERS = "delivers"
    BOUNCES = "bounces"
    COMPLAINS = "complains"
    RECOVERS = "recovers"
    FAILS = "fails"
    SUPPRESSED = "suppressed"


# Ids begin with the time of their creation, so no account has one of 1970.
_ID_PREFIX: Final = "0" * 20
# RFC 2606 reserves the domain `example`.
_DOMAIN: Final = "@simulated.example"
# Ofcom reserves +44 7700 900000 to 900999 for films and books.
_PHONE_PREFIX: Final = "+44770090000"
_TOKEN: Final = re.compile(r"simulated-([a-z]+)(?::[!-~]*)?")
# RFC 2606 reserves `invalid`, too. No account can have such a URL.
_URL: Final = "https://simulated.invalid/"

_BY_NUMBER: Final[Mapping[str, Outcome]] = {
    str(number): outcome for number, outcome in enumerate(Outcome, start=1)
}
_NUMBERS: Final = {outcome: number for number, outcome in _BY_NUMBER.items()}


def person_id(outcome: Outcome) -> str:
    """Return the id of the simulated person whose messages get this outcome on every channel."""
    return f"{_ID_PREFIX}000{_NUMBERS[outcome]}"


# The simulated persons by their ids.
PERSONS: Final[Mapping[str, Outcome]] = {person_id(each): each for each in Outcome}


def simulated_persons(user_ids: Iterable[str]) -> dict[str, Outcome]:
    """Return those of these ids that belong to simulated persons."""
    return {each: PERSONS[each] for each in user_ids if each in PERSONS}


def address_of(outcome: Outcome) -> str:
    return f"{outcome.value}{_DOMAIN}"


def phone_of(outcome: Outcome) -> str:
    return f"{_PHONE_PREFIX}{_NUMBERS[outcome]}"


def token_of(outcome: Outcome) -> str:
    return f"simulated-{outcome.value}"


def url_of(outcome: Outcome) -> str:
    return f"{_URL}{outcome.value}"


def of_address(email: str | None) -> Outcome | None:
    """Return the outcome of an address; what follows a plus does not matter.

    Mail to other addresses of the domain is delivered, because it must not leave either.
    """
    if not email or not email.endswith(_DOMAIN):
        return None
    return _named(email.removesuffix(_DOMAIN).partition("+")[0])


def of_phone(phone: str | None) -> Outcome | None:
    if not phone or not phone.startswith(_PHONE_PREFIX):
        return None
    return _BY_NUMBER.get(phone.removeprefix(_PHONE_PREFIX))


def of_token(token: str) -> Outcome | None:
    """Return the outcome of a push token; what follows a colon does not matter."""
    found = _TOKEN.fullmatch(token)
    return _named(found[1]) if found else None


def of_url(url: str | None) -> Outcome | None:
    return _named(url.removeprefix(_URL)) if url and url.startswith(_URL) else None


def _named(name: str) -> Outcome:
    return Outcome(name) if name in set(Outcome) else Outcome.DELIVERS
