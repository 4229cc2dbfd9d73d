"""Capture the output of a process, including the last bytes before an answer or a crash."""

import asyncio
import codecs
import os

LIMIT_BYTES = 1_000_000
_PIPE_BYTES = 1 << 16
"""The size of a pipe on Linux: one read empties it."""
_MOST_READS = 16
"""A function may make its pipe larger, up to 1 MiB."""


class BoundedText:
    """Keeps the beginning and the end of a long text, and the number of missing bytes."""

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
    """One pipe for stdout and stderr, which keeps their order."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit_bytes = limit_bytes
        self._read_fd, self.write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        self._text: BoundedText | None = None
        self._started = False
        self._closed = False

    def started(self) -> None:
        """Close our end after the process has its own, and read so that the pipe never fills up."""
        os.close(self.write_fd)
        self._started = True
        self._loop.add_reader(self._read_fd, self._read)

    def take(self) -> str:
        """Return the output so far, and start again with an empty one."""
        if not self._closed:
            self._empty_pipe()
        taken, self._text = self._text, None
        return taken.text() if taken is not None else ""

    def close(self) -> None:
        """Close the pipe, even if an escaped grandchild still holds the other end."""
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
        """Read available bytes; return their number."""
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
