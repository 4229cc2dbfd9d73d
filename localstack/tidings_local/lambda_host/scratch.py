"""A new TMPDIR for each environment, in a folder that names its host."""

import logging
import os
import shutil
from pathlib import Path

import psutil

logger = logging.getLogger(__name__)


def open_scratch(directory: Path) -> Path:
    """Return this host's folder, and remove those of hosts that have ended."""
    own = directory / "scratch" / str(os.getpid())
    own.mkdir(parents=True, exist_ok=True)
    for other in own.parent.iterdir():
        if other.name.isdigit() and not psutil.pid_exists(int(other.name)):
            logger.info("removing the files of a killed host", extra={"folder": str(other)})
            shutil.rmtree(other, ignore_errors=True)
    return own
