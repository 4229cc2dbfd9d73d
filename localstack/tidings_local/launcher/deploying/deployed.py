"""The files of the last complete deployment, kept so that it can be restored.

The folder contains builds, archives of code, and an index that names those of the last deployment.
Only the index is replaced, and files that it does not name are removed afterwards. A crash at any
time therefore leaves one complete deployment.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..running.stack import Stack
from . import deployed_code
from .deployed_code import Code

TEMPLATE = "template.yaml"
INDEX = "index.json"


@dataclass(frozen=True)
class Deployed:
    template: Path
    """The build of `sam build`, with the artifacts beside it."""
    code: Code
    """The code of the functions, which is newer than the build after a deployment of code only."""


def save_deployed(stack: Stack, deployed: Deployed) -> None:
    """Save a deployment instead of the last one; a crash leaves either of them."""
    folder = _folder(stack)
    build = _kept_build(deployed.template.parent, folder / "builds")
    names = deployed_code.save(deployed.code, folder / "archives")
    draft = folder / f"{INDEX}.draft"
    draft.write_text(json.dumps({"build": build.name, "code": names}))
    draft.replace(folder / INDEX)
    used = {*names["functions"].values(), *names["layers"].values(), build.name}
    _remove_unused(folder, used | {INDEX, "builds", "archives"})


def load_deployed(stack: Stack) -> Deployed | None:
    """Return the last deployment, or None if there is none or it is incomplete."""
    folder = _folder(stack)
    try:
        index = json.loads((folder / INDEX).read_text())
        template = folder / "builds" / index["build"] / TEMPLATE
        code = deployed_code.load(index["code"], folder / "archives")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Deployed(template, code) if template.is_file() else None


def _kept_build(built: Path, builds: Path) -> Path:
    """Keep a build, by links instead of copies. Its name is the digest of its structure."""
    kept = builds / built.name
    if not (kept / TEMPLATE).is_file():
        draft = builds / "new.draft"
        for unfinished in (draft, kept):
            shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(built, draft, copy_function=os.link)
        draft.rename(kept)
    return kept


def _remove_unused(folder: Path, used: set[str]) -> None:
    for path in [*folder.glob("*"), *folder.glob("builds/*"), *folder.glob("archives/*")]:
        if path.name in used:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _folder(stack: Stack) -> Path:
    return stack.run / "deployed"
