"""The files of the last complete deployment, kept so that it can be restored."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..running.stack import Stack
from . import deployed_code
from .deployed_code import Code

TEMPLATE = "template.yaml"


@dataclass(frozen=True)
class Deployed:
    template: Path
    """The build of `sam build`, with the artifacts beside it."""
    code: Code
    """The code of the functions, which is newer than the build after a deployment of code only."""


def save_deployed(stack: Stack, deployed: Deployed) -> None:
    build = _folder(stack) / "build"
    if deployed.template.parent != build:
        _keep_build(deployed.template.parent, build)
    deployed_code.save(deployed.code, _folder(stack) / "code")


def load_deployed(stack: Stack) -> Deployed | None:
    """Return the last deployment, or None if there is none or it is incomplete."""
    template = _folder(stack) / "build" / TEMPLATE
    code = deployed_code.load(_folder(stack) / "code")
    return Deployed(template, code) if code and template.is_file() else None


def _keep_build(built: Path, kept: Path) -> None:
    """Keep a build by links instead of copies, because a build never changes again."""
    draft = kept.with_name("build.draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(built, draft, copy_function=os.link)
    shutil.rmtree(kept, ignore_errors=True)
    draft.rename(kept)


def _folder(stack: Stack) -> Path:
    return stack.run / "deployed"
