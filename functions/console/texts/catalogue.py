"""The texts of the console by key, one file for each language: `de.toml`, `en.toml`.

A test compares their keys and the `{names}` in them, and finds keys that no page uses.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
DEFAULT: Final = "en"
# Each language by its own name.
LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
_OFFER: Final = re.compile(
    # Two optional blanks never meet: a long run of blanks would be tried in all its parts.
    r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?(?:\s*;\s*q=([01](?:\.\d*)?))?\s*"
)


class Texts:
    """The texts of one language."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its values.

        Raises:
            KeyError: there is no such text, or a value is missing.
        """
        return self._texts[key].format_map(values)

    def count(self, key: str, number: int, shown: str | None = None, **values: object) -> str:
        """Return the text for one (`<key>.one`) or several things (`<key>.other`)."""
        form = "one" if number == 1 else "other"
        return self(f"{key}.{form}", number=shown or number, **values)

    def word(self, group: str, code: str) -> str:
        """Return the word for a code, such as a state; the code itself if none is known."""
        return self._texts.get(f"{group}.{code}", code)

    def has(self, key: str) -> bool:
        return key in self._texts


@cache
def texts_in(language: str) -> Texts:
    """Return the texts of a language."""
    return Texts(read(language))


@cache
def read(language: str) -> dict[str, str]:
    """Return the texts of a language by key."""
    with (FOLDER / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file), ""))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def accepted(header: str) -> str:
    """Return the language of an `Accept-Language` header that the console speaks."""
    offers = [found for each in header.split(",") if (found := _OFFER.fullmatch(each))]
    ordered = sorted(offers, key=lambda each: -float(each[2] or 1))
    known = (each[1].lower() for each in ordered if float(each[2] or 1) > 0)
    return next((each for each in known if each in LANGUAGES), DEFAULT)
