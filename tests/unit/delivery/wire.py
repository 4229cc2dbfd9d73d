"""Parse a mail's bytes strictly, so that anything a lenient program takes for a header is found."""

import base64
import quopri
import re
from typing import Final, NamedTuple

# Some programs end a line at any of these characters; RFC 5322 allows only CRLF.
LINE_ENDS: Final = re.compile(rb"\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85]")
HEADER: Final = re.compile(rb"([!-9;-~]+): ?(.*)", re.DOTALL)
ENCODED_WORD: Final = re.compile(r"=\?([^?]+)\?([bBqQ])\?([^?]*)\?=")
# Mail programs do not show blanks between two encoded words (RFC 2047 section 6.2).
BETWEEN_WORDS: Final = re.compile(r"(?<=\?=)\s+(?==\?)")


class Wire(NamedTuple):
    """A mail, split at the first empty line."""

    headers: list[tuple[str, str]]
    head_lines: list[bytes]
    body: bytes

    def value(self, name: str) -> str:
        (found,) = [value for key, value in self.headers if key.lower() == name.lower()]
        return found


def split(raw: bytes) -> Wire:
    head, empty, body = raw.partition(b"\r\n\r\n")
    assert empty
    lines = LINE_ENDS.split(head)
    assert lines == head.split(b"\r\n"), "a line does not end with CRLF"
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            assert line.strip(), "a folded line is empty"
            name, value = headers.pop()
            headers.append((name, f"{value}{line.decode('ascii')}"))
            continue
        found = HEADER.fullmatch(line)
        assert found, line
        headers.append((found[1].decode(), found[2].decode("ascii")))
    return Wire(headers, lines, body)


def shown(value: str) -> str:
    """Return the text that a mail program shows: each encoded word is decoded separately, once."""
    return ENCODED_WORD.sub(lambda found: decoded(*found.groups()), BETWEEN_WORDS.sub("", value))


def decoded(charset: str, encoding: str, text: str) -> str:
    if encoding in "bB":
        return base64.b64decode(text, validate=True).decode(charset)
    return quopri.decodestring(text, header=True).decode(charset)
