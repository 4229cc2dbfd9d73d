"""Keep LocalStack's list of all AWS operations for later starts and other stacks.

LocalStack reads the descriptions of all services to make it, which takes two seconds, and 400 MB
that the process never frees. Therefore another process makes it, once for each version.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from localstack.aws import spec
from localstack.utils.files import get_user_cache_dir

from localstack import config


def bring_service_catalog() -> None:
    """Put the list where LocalStack reads it, and make it if it does not exist."""
    wanted = Path(config.dirs.static_libs) / spec._get_catalog_filename()
    kept = Path(get_user_cache_dir()) / wanted.name
    if wanted.is_file():
        return
    wanted.parent.mkdir(parents=True, exist_ok=True)
    if kept.is_file():
        _copy(kept, wanted)
        return
    # After a failure LocalStack makes its own.
    done = subprocess.run([sys.executable, "-P", "-m", spec.__name__], check=False)
    if done.returncode == 0:
        _copy(wanted, kept)


def _copy(source: Path, target: Path) -> None:
    """Copy atomically, so that another process never reads a part."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copyfile(source, draft)
    draft.replace(target)
