"""A TCP proxy whose network a test can break: refuse, hang, cut.

`toxiproxy-python` on PyPI is but a client of a server written in Go.
"""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit


class Proxy:
    """Between a client and the service at a URL; forwards until it is told otherwise."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 0)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._server = self._listen(0)
        self.port: int = self._server.getsockname()[1]
        self.url = url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{self.port}")

    def refuse(self) -> None:
        """Accept nobody, and cut whoever is connected: the service is gone."""
        with suppress(OSError):  # or the kernel listens until `accept` returns
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def hang(self) -> None:
        """Accept, and forward nothing: the network swallows what is sent until `resume`."""
        self._flows.clear()

    def cut(self) -> None:
        """End the connections that there are; new ones work."""
        with self._lock:
            connections, self._open = self._open, set()
        for each in connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def resume(self) -> None:
        """Forward again; what hung meanwhile is lost, and its connections with it."""
        if not self._flows.is_set():
            self.cut()
            self._flows.set()
        if self._server.fileno() == -1:
            self._server = self._listen(self.port)

    def close(self) -> None:
        self.refuse()
        self._flows.set()

    def _listen(self, port: int) -> socket.socket:
        server = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(server,), daemon=True).start()
        return server

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            if server is not self._server:  # refused meanwhile
                near.close()
                return
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        with self._lock:
            self._open.add(near)
        self._flows.wait()
        try:
            far = socket.create_connection(self._target, timeout=5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        with self._lock:
            if near not in self._open:  # cut meanwhile
                far.close()
                return
            self._open.add(far)
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
