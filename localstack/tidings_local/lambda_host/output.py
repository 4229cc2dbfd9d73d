"""Captures what a process prints, so that nothing printed before an answer or a crash is lost."""

import asyncio
import codecs
import os

LIMIT_BYTES = 1_000_000
_PIPE_BYTES = 1 << 16
"""As much as a pipe holds on Linux: one read empties it."""
_MOST_READS = 16
"""A function may make its pipe larger, up to 1 MiB."""


class BoundedText:
    """Keeps the beginning and the end of what is too long, and says how much is missing."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._half = limit_bytes // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._cut_bytes = 0

    def add(self, chunk: bytes) -> None:
        room = self._half - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        excess = len(self._tail) - self._half
        if excess > 0:
            self._cut_bytes += excess
            del self._tail[:excess]

    def text(self) -> str:
        note = f"\n[{self._cut_bytes} bytes of output cut]\n" if self._cut_bytes else ""
        return _decode(self._head + note.encode() + self._tail)


class OutputCapture:
    """A pipe for stdout and stderr together, in the order they were written."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit_bytes = limit_bytes
        self._read_fd, self.write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        self._text: BoundedText | None = None
        self._started = False
        self._closed = False

    def started(self) -> None:
        """The process has its end of the pipe: close ours, and keep the pipe from filling up."""
        os.close(self.write_fd)
        self._started = True
        self._loop.add_reader(self._read_fd, self._read)

    def take(self) -> str:
        """Everything written so far, and a clean sheet for what comes."""
        if not self._closed:
            self._empty_pipe()
        taken, self._text = self._text, None
        return taken.text() if taken is not None else ""

    def close(self) -> None:
        """Also when a grandchild that escaped still holds the other end."""
        if self._closed:
            return
        if self._started:
            self._empty_pipe()
            self._loop.remove_reader(self._read_fd)
        else:
            os.close(self.write_fd)
        os.close(self._read_fd)
        self._closed = True

    def _empty_pipe(self) -> None:
        for _ in range(_MOST_READS):
            if self._read() < _PIPE_BYTES:
                return

    def _read(self) -> int:
        """Return how many bytes there were."""
        try:
            chunk = os.read(self._read_fd, _PIPE_BYTES)
        except BlockingIOError:
            return 0
        if not chunk:  # no process holds the other end any more
            self._loop.remove_reader(self._read_fd)
            return 0
        if self._text is None:
            self._text = BoundedText(self._limit_bytes)
        self._text.add(chunk)
        return len(chunk)


def _decode(content: bytes | bytearray) -> str:
    return codecs.decode(bytes(content), "utf-8", "replace")
