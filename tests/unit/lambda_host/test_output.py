import os

from tests.host_thread import LoopThread
from tidings_local.lambda_host.output import BoundedText, OutputCapture


def test_short_text_is_kept_whole() -> None:
    text = BoundedText(limit_bytes=10)
    text.add(b"12345")
    text.add(b"67890")
    assert text.text() == "1234567890"


def test_long_text_keeps_both_ends_and_counts_the_cut_bytes() -> None:
    text = BoundedText(limit_bytes=10)
    for _ in range(3):
        text.add(b"0123456789")
    assert text.text() == "01234\n[20 bytes of output cut]\n56789"


def test_character_cut_in_two_is_replaced() -> None:
    text = BoundedText(limit_bytes=4)
    text.add("ææææ".encode())
    assert text.text().startswith("æ\n[4 bytes of output cut]")


def test_written_bytes_are_taken_at_once_and_only_once(loop: LoopThread) -> None:
    capture = loop.call(OutputCapture)
    writer = os.dup(capture.write_fd)
    loop.call(capture.started)
    os.write(writer, b"first")
    assert loop.call(capture.take) == "first"
    os.write(writer, b"second")
    assert loop.call(capture.take) == "second"
    os.close(writer)
    loop.call(capture.close)
    assert loop.call(capture.take) == ""


def test_writer_is_never_blocked_by_a_full_pipe(loop: LoopThread) -> None:
    capture = loop.call(OutputCapture, 100)
    writer = os.dup(capture.write_fd)
    loop.call(capture.started)
    for _ in range(100):
        os.write(writer, b"x" * 10_000)  # the pipe itself holds 64 KiB
    os.close(writer)
    assert "999900 bytes of output cut" in loop.call(capture.take)
    loop.call(capture.close)


def test_closing_loses_nothing_and_does_not_wait_for_an_open_writer(loop: LoopThread) -> None:
    capture = loop.call(OutputCapture)
    writer = os.dup(capture.write_fd)
    loop.call(capture.started)
    os.write(writer, b"last words")
    loop.call(capture.close)
    assert loop.call(capture.take) == "last words"
    assert loop.call(capture.take) == ""
    os.close(writer)
