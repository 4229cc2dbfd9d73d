"""Names of people, which mails contain, so mail programs must not turn a part into a link."""

import re
import unicodedata
from typing import Final

from tidings.users.errors import UnusableName

# A telephone number has more digits, and mail programs turn those into links, too.
MAX_DIGITS: Final = 6
# A visible character (emoji have domains, too), a dot, and a possible top-level domain:
# example.com, t.co, 例え.テスト.
_DOMAIN: Final = re.compile(r"[^\s.\u3002][.\u3002][^\W\d_]{2,}")
# A dot between digits, as in 192.0.2.1.
_ADDRESS: Final = re.compile(r"\d[.\u3002]\d")
# Parts of schemes (https:, mailto:, tel:), addresses and paths. A single slash occurs in names
# (A/L).
_OF_LINKS: Final = re.compile(r"[:@\\]|//|www\.", re.IGNORECASE)
# Unicode categories of format characters and of three kinds of marks.
_UNSEEN: Final = frozenset({"Cf", "Mn", "Mc", "Me"})


def without_links(name: str) -> str:
    """Return a name unchanged.

    Raises:
        UnusableName: a mail program could turn a part of it into a link.
    """
    if why := _fault(name):
        raise UnusableName(why)
    return name


def is_plain(name: str) -> bool:
    """Say whether a mail may contain a name, also one that was stored before this check existed."""
    return _fault(name) is None


def _fault(name: str) -> str | None:
    seen = _as_seen(name)
    if _OF_LINKS.search(seen):
        return "it contains an address or a link"
    if _DOMAIN.search(seen) or _ADDRESS.search(seen):
        return "it looks like an internet address; put a space after the dot"
    if sum(each.isdigit() for each in seen) > MAX_DIGITS:
        return "it contains too many digits"
    return None


def _as_seen(name: str) -> str:
    """Return the text as a mail program reads it: NFKC, without invisible characters.

    Marks are removed, too. Variation selectors are invisible. The vowel signs of Indian scripts are
    part of a label (उदाहरण.भारत) but are not letters in a pattern.
    """
    plain = unicodedata.normalize("NFKC", name)
    return "".join(each for each in plain if unicodedata.category(each) not in _UNSEEN)
