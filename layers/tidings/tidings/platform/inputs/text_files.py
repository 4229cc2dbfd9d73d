"""Decode text files, and find the line where a file is not text.

It uses only the standard library, because the launcher reads files with it, too.
"""

import codecs
import io
from typing import BinaryIO, Final, TextIO

BYTE_ORDER_MARK: Final = "\ufeff"
UTF_8: Final = "utf-8"
# UTF-32 comes first: its little-endian mark begins with the mark of UTF-16.
MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MAX_MARK_BYTES: Final = 4
BLOCK_BYTES: Final = 64 * 1024


class NotText(Exception):
    """A file has bytes that are invalid in its encoding; `line` counts from 1."""

    def __init__(self, line: int, byte: int, encoding: str) -> None:
        self.line = line
        super().__init__(
            f"Line {line} has a byte (0x{byte:02X}) that is not {encoding.upper()}. "
            "Save the file as UTF-8; Excel calls that CSV UTF-8."
        )


def open_text(raw: BinaryIO, encoding: str = UTF_8) -> TextIO:
    """Return the text of a file with its line endings unchanged.

    A byte order mark overrides `encoding`. The whole file is checked first, so no part of it is
    used if another part is invalid.

    Raises:
        NotText: some bytes are invalid in the encoding.
    """
    start = raw.read(MAX_MARK_BYTES)
    mark, encoding = _mark_of(start) or (b"", encoding)
    raw.seek(len(mark))
    _check(raw, encoding)
    raw.seek(len(mark))
    return io.TextIOWrapper(raw, encoding, newline="")


def decode(raw: bytes, encoding: str = UTF_8) -> str:
    """Return the text of bytes, read as by `open_text`."""
    return open_text(io.BytesIO(raw), encoding).read().lstrip(BYTE_ORDER_MARK)


def has_mark(raw: bytes) -> bool:
    """Say whether bytes begin with a byte order mark."""
    return _mark_of(raw) is not None


def _mark_of(start: bytes) -> tuple[bytes, str] | None:
    return next((each for each in MARKS if start.startswith(each[0])), None)


def _check(raw: BinaryIO, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    line, after_return = 1, False
    while True:
        block = raw.read(BLOCK_BYTES)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode(encoding)
            line += _line_ends(good, after_return=after_return)
            raise NotText(line, error.object[error.start], encoding) from None
        if not block:
            return
        line += _line_ends(text, after_return=after_return)
        after_return = text.endswith("\r")


def _line_ends(text: str, *, after_return: bool) -> int:
    """Count the line endings; a CRLF across two blocks was counted with the first block."""
    ends = text.count("\n") + text.count("\r") - text.count("\r\n")
    return ends - (after_return and text.startswith("\n"))
