import os

from tests.unit.lambda_host.builders import wait_until
from tidings_local.lambda_host.output import BoundedText, OutputCapture


def test_short_text_is_kept_whole() -> None:
    text = BoundedText(limit_bytes=10)
    text.add(b"12345")
    text.add(b"67890")
    assert text.text() == "1234567890"


def test_long_text_keeps_both_ends_and_says_what_is_cut() -> None:
    text = BoundedText(limit_bytes=10)
    for _ in range(3):
        text.add(b"0123456789")
    assert text.text() == "01234\n[20 bytes of output cut]\n56789"


def test_a_character_cut_in_two_does_no_harm() -> None:
    text = BoundedText(limit_bytes=4)
    text.add("ææææ".encode())
    assert text.text().startswith("æ\n[4 bytes of output cut]")


def test_all_that_was_written_is_taken_at_once_and_only_once() -> None:
    capture = OutputCapture()
    writer = os.dup(capture.write_fd)
    capture.started()
    os.write(writer, b"first")
    assert capture.take() == "first"
    os.write(writer, b"second")
    assert capture.take() == "second"
    os.close(writer)
    capture.close()
    assert capture.take() == ""


def test_a_writer_is_never_blocked_by_a_full_pipe() -> None:
    capture = OutputCapture(limit_bytes=100)
    writer = os.dup(capture.write_fd)
    capture.started()
    for _ in range(100):
        os.write(writer, b"x" * 10_000)  # the pipe itself holds 64 KiB
    os.close(writer)
    assert "999900 bytes of output cut" in capture.take()
    capture.close()


def test_closing_does_not_wait_for_a_writer_that_stays() -> None:
    capture = OutputCapture()
    writer = os.dup(capture.write_fd)
    capture.started()
    capture.close()
    os.close(writer)
    wait_until(lambda: capture.take() == "", "nothing more to take")
