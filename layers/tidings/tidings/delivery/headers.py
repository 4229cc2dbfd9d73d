"""Write mail headers: each header once, in ASCII, with the text exactly as typed.

`EmailMessage` parses each value that it gets. It decodes encoded words that a person typed
(`=?utf-8?q?A=0D=0ABcc:_x?=`), including line breaks, and writes the result as separate headers
(python/cpython#121650; Python 3.11.2 has no guard). So our headers never pass through it.
`email.header.Header` encodes text here without parsing it, and all other values must be plain
ASCII.
"""

import re
from email.header import Header
from typing import Final

from tidings.platform.text.cuts import cut

# RFC 2047 section 2: a line with an encoded word has at most 76 characters, the word itself 75.
MAX_LINE: Final = 76
# RFC 5322 section 2.1.1: the limit of every line.
MAX_UNBROKEN: Final = 998
FOLD: Final = "\r\n "
NAME: Final = re.compile(r"[A-Z][A-Za-z]*(-[A-Za-z]+)*")
# Control characters, all line breaks, halves of surrogate pairs.
_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_PRINTABLE: Final = re.compile(r"[ -~]*")
# Words that need no quotes before an address (RFC 5322 section 3.2.3).
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ENCODED_WORD: Final = "=?"

Lines = list[tuple[str, str]]


def text(name: str, value: str, *, at_most: int) -> str:
    """Return a text as a header's value that mail programs show as it was typed."""
    line = one_line(value, at_most)
    is_short = len(name) + len(": ") + len(line) <= MAX_LINE
    if is_short and _PRINTABLE.fullmatch(line) and _ENCODED_WORD not in line:
        return line
    return _encoded(name, line)


def mailbox(name: str, shown: str, address: str, *, at_most: int) -> str:
    """Return an address with its owner's name as a header's value.

    Args:
        name: the header.
        shown: the text that a mail program shows instead of the address.
        address: in ASCII, without quotes.
        at_most: the maximum number of characters of `shown`.
    """
    line = one_line(shown, at_most)
    if not line:
        return exact(address)
    is_plain = _ATOMS.fullmatch(line) and _ENCODED_WORD not in line
    is_short = len(name) + len(":  <>") + len(line) + len(address) <= MAX_LINE
    written_name = line if is_plain else _encoded(name, line)
    # The address gets a line of its own, because a line with an encoded word has at most 76
    # characters.
    return f"{written_name}{' ' if is_plain and is_short else FOLD}<{exact(address)}>"


def exact(value: str) -> str:
    """Return a machine-readable value, neither encoded nor folded.

    Raises:
        ValueError: the value is not printable ASCII, or could be read as an encoded word.
    """
    if not value or not _PRINTABLE.fullmatch(value) or value != value.strip():
        raise ValueError("a header's value must be printable ASCII")
    if _ENCODED_WORD in value:
        raise ValueError("a header's value must not contain an encoded word")
    return value


def one_line(value: str, at_most: int) -> str:
    """Return a text without line breaks and control characters, for a header or a title."""
    return cut(_UNWRITABLE.sub(" ", value).strip(), at_most).rstrip()


def written(lines: Lines) -> bytes:
    """Return headers in wire format, without the empty line that ends them.

    Raises:
        ValueError: a header is malformed or occurs twice.
    """
    names = [name.lower() for name, _ in lines]
    if len(set(names)) < len(names) or not all(NAME.fullmatch(name) for name, _ in lines):
        raise ValueError("headers must have valid, distinct names")
    whole = "".join(f"{name}: {value}\r\n" for name, value in lines).encode("ascii")
    if any(len(line) > MAX_UNBROKEN for line in whole.split(b"\r\n")):
        raise ValueError("a header's line is too long")
    return whole


def _encoded(name: str, line: str) -> str:
    """Return a text as encoded words that do not split characters (RFC 2047 section 5)."""
    header = Header(line, "utf-8", maxlinelen=MAX_LINE, header_name=name)
    return header.encode(splitchars="", linesep="\r\n")
