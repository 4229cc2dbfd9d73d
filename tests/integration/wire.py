"""A proxy in front of MongoDB that notes the commands which pass it (OP_MSG)."""

import socket
import struct
import threading
from contextlib import suppress
from typing import Final

from tests.faults.proxy import Proxy

# https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
HEADER: Final = struct.Struct("<iiii")
OP_MSG: Final = 2013
# Header, flags, the kind of the first section, the length of its document, the type of its element.
NAME_BEGINS: Final = HEADER.size + 4 + 1 + 4 + 1


class CountingProxy(Proxy):
    """Forwards to MongoDB, and notes the name of each command."""

    def __init__(self, url: str) -> None:
        self.names: list[str] = []
        self._names_lock = threading.Lock()
        super().__init__(url)

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        if target.getpeername()[:2] != self._target:
            super()._copy(source, target)
            return
        unread = b""
        with suppress(OSError):
            while data := source.recv(65536):
                unread = self._note(unread + data)
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _note(self, data: bytes) -> bytes:
        """Note the whole messages in the bytes; return the rest of them."""
        while len(data) >= HEADER.size:
            length, _, _, kind = HEADER.unpack_from(data)
            if len(data) < length:
                break
            if kind == OP_MSG:
                name = data[NAME_BEGINS : data.index(b"\0", NAME_BEGINS)].decode()
                with self._names_lock:
                    self.names.append(name)
            data = data[length:]
        return data
