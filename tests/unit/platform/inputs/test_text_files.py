"""Tests of reading text files in different encodings."""

import io

import pytest

from tidings.platform.inputs.text_files import BLOCK_BYTES, NotText, decode, open_text

TEXT = "sku,title\r\nA,Käse ☕ 😀\rB,x\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_byte_order_mark_sets_the_encoding(encoding: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    raw = (mark + TEXT).encode(encoding)
    assert decode(raw) == TEXT
    assert open_text(io.BytesIO(raw)).read() == TEXT


def test_mark_wins_over_the_declared_encoding() -> None:
    assert decode(TEXT.encode("utf-16"), "utf-8") == TEXT
    assert decode(TEXT.encode("utf-8-sig"), "utf-16-le") == TEXT


def test_declared_encoding_is_used_without_a_mark() -> None:
    assert decode(TEXT.encode("utf-16-be"), "utf-16-be") == TEXT


def test_repeated_mark_is_removed() -> None:
    assert decode("\ufeff\ufeffsku".encode()) == "sku"


@pytest.mark.parametrize(
    ("raw", "line", "byte"),
    [
        (b"sku\nA\nK\xe4se\n", 3, "0xE4"),
        (b"sku\r\nA\r\nK\xe4se\n", 3, "0xE4"),
        (b"sku\rA\rK\xe4se", 3, "0xE4"),
        (b"\xff", 1, "0xFF"),
        (b"sku\n\xed\xa0\x80", 2, "0xED"),
        (b"sku\n\xf0\x9f\x98", 2, "0xF0"),
        ("\ufeffsku\nA".encode("utf-16-be") + b"\x0a", 2, "0x0A"),
        ("\ufeffsku\n\u0a0a".encode("utf-16-le") + b"\x00\xd8\x41\x00", 2, "0x00"),
        (b"x" * (BLOCK_BYTES - 1) + b"\r\n\xe4", 2, "0xE4"),
        ("ä\n".encode() * BLOCK_BYTES + b"\xe4", BLOCK_BYTES + 1, "0xE4"),
    ],
    ids=repr,
)
def test_byte_that_is_not_text_is_reported_with_its_line(raw: bytes, line: int, byte: str) -> None:
    with pytest.raises(NotText) as refused:
        decode(raw)
    assert refused.value.line == line
    assert byte in str(refused.value)
    assert "UTF-8" in str(refused.value)
