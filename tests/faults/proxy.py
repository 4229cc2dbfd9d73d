"""A TCP proxy whose network a test can break: refuse, hang, cut.

`toxiproxy-python` on PyPI is only a client of a server written in Go.
"""

import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from tests.ports import reserve


class Proxy:
    """Forwards between a client and the service at a URL, unless a test changes that."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 0)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        # While the proxy refuses, no other program gets its port.
        self._reserved = reserve()
        self.port: int = self._reserved.getsockname()[1]
        self._listener: _Listener | None = _Listener(self.port, self._take)
        self.url = url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{self.port}")

    def refuse(self) -> None:
        """Accept no connection and end the open ones, as if the service had stopped."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.cut()

    def hang(self) -> None:
        """Accept connections without forwarding: sent bytes are lost until `resume`."""
        self._flows.clear()

    def cut(self) -> None:
        """End the open connections; new ones work."""
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def resume(self) -> None:
        """Forward again; bytes sent while it hung, and their connections, are lost."""
        if not self._flows.is_set():
            self.cut()
            self._flows.set()
        if self._listener is None:
            self._listener = _Listener(self.port, self._take)

    def close(self) -> None:
        self.refuse()
        self._flows.set()
        self._reserved.close()

    def _take(self, near: socket.socket) -> None:
        with self._lock:
            self._open.add(near)
        threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        try:
            self._flows.wait()
            with suppress(OSError), socket.create_connection(self._target, timeout=5) as far:
                far.settimeout(None)
                self._forward(near, far)
        finally:
            with self._lock:  # `cut` must not meet a number that another socket has got
                self._open.discard(near)
                near.close()

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        with self._lock:
            if near not in self._open:  # cut meanwhile
                return
            self._open.add(far)
        answers = threading.Thread(target=self._copy, args=(far, near), daemon=True)
        answers.start()
        self._copy(near, far)
        answers.join()
        with self._lock:
            self._open.discard(far)

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class _Listener:
    """Takes the connections to a port until it is closed; then it takes none any more."""

    def __init__(self, port: int, take: Callable[[socket.socket], None]) -> None:
        self._take = take
        self._server = socket.create_server(("127.0.0.1", port))
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._wake.close()
        self._thread.join()
        self._server.close()
        self._woken.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as either:
            either.register(self._server, selectors.EVENT_READ)
            either.register(self._woken, selectors.EVENT_READ)
            while all(key.fileobj is self._server for key, _ in either.select()):
                self._take(self._server.accept()[0])
