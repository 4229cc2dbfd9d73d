"""Run the server: `python -m tidings_live`."""

import logging
import resource
import socket
import sys
from typing import Final

import uvicorn
from pydantic import ValidationError

from tidings.platform.logging import logger
from tidings.platform.security.auth import prepare_to_authenticate
from tidings.platform.settings import BadSettings, settings
from tidings_live.app import app_of
from tidings_live.server import LiveServer
from tidings_live.settings import LiveSettings

EXIT_MISCONFIGURED: Final = 2
OPEN_FILES: Final = 65_536
# Streams end at once when the server stops; this is for requests.
STOP_SECONDS: Final = 3


def main() -> int:
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout)
    try:
        own = LiveSettings.read()
        settings()
    except (ValidationError, BadSettings) as error:
        logger.error("live server cannot start", error=str(error))
        return EXIT_MISCONFIGURED
    prepare_to_authenticate()
    _allow_many_files()
    try:
        listening = socket.create_server((own.host, own.port), backlog=2048)
    except OSError as error:
        logger.error("live server cannot listen", port=own.port, error=str(error.strerror))
        return EXIT_MISCONFIGURED
    config = uvicorn.Config(
        app_of(LiveServer(own)),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    logger.info("live server is up", port=listening.getsockname()[1])
    uvicorn.Server(config).run(sockets=[listening])
    logger.info("live server stopped")
    return 0


def _allow_many_files() -> None:
    """Raise this process's own limit: each stream is an open file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
