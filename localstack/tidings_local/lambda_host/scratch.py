"""A fresh TMPDIR for each environment, below a folder that says whose it is."""

import logging
import os
import shutil
from pathlib import Path

import psutil

logger = logging.getLogger(__name__)


def open_scratch(directory: Path) -> Path:
    """The folder of this host; what hosts that are gone left behind is removed."""
    own = directory / "scratch" / str(os.getpid())
    own.mkdir(parents=True, exist_ok=True)
    for other in own.parent.iterdir():
        if other.name.isdigit() and not psutil.pid_exists(int(other.name)):
            logger.info("removing what a killed host left", extra={"folder": str(other)})
            shutil.rmtree(other, ignore_errors=True)
    return own
