"""A driver that greets the embedded MongoDB while it stops finds it again afterwards."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect
from secantus import SecantusDBServer

from tests.waiting import eventually

Client = MongoClient[dict[str, Any]]


def test_driver_finds_the_server_after_a_restart(
    mended: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        SecantusDBServer(storage_path=str(tmp_path)) as server,
        Client(server.uri, serverSelectionTimeoutMS=1000, heartbeatFrequencyMS=500) as client,
    ):
        client.shop.things.insert_one({"_id": 1})
        # As at the beginning of a stop: drivers connect again as long as it accepts.
        with monkeypatch.context() as patch:
            patch.setattr(SecantusDBServer, "address", property(_no_address))
            server.connections.close_all()
            with pytest.raises(AutoReconnect):
                client.shop.things.find_one()
        assert eventually(lambda: _first(client), seconds=20) == {"_id": 1}


def _no_address(server: SecantusDBServer) -> tuple[str, int]:
    raise RuntimeError("server is not started")


def _first(client: Client) -> dict[str, Any] | None:
    with suppress(AutoReconnect):
        return client.shop.things.find_one()
    return None
