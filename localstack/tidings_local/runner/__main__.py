"""Run the runner: `python -m tidings_local.runner`."""

from __future__ import annotations

import logging
import sys

import uvloop
from pydantic import ValidationError

from tidings_local.runner.open_files import allow_many
from tidings_local.runner.service import run
from tidings_local.runner.settings import RunnerSettings
from tidings_local.service.json_log import log_to_stdout
from tidings_local.service.settings import describe

logger = logging.getLogger("tidings_local.runner")

EXIT_MISCONFIGURED = 2


def main() -> int:
    log_to_stdout()
    try:
        settings = RunnerSettings.read()
    except ValidationError as error:
        logger.error("runner cannot start", extra={"error": describe(error)})
        return EXIT_MISCONFIGURED
    log_to_stdout(settings.log_level)
    allow_many()
    try:
        uvloop.run(run(settings))
    except OSError as error:
        logger.error("runner cannot listen", extra={"error": str(error)})
        return EXIT_MISCONFIGURED
    return 0


if __name__ == "__main__":
    sys.exit(main())
