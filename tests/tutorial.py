"""The commands of docs/tutorial.md, in a copy of the clone that they may change."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bootstrap import ROOT, STATE
from tests.page_shell import environment_of, run
from tests.pages import Block, blocks_of, commands_of

PAGE: Final = "docs/tutorial.md"
DEPLOYMENT: Final = "Deploy it"
"""The heading of the first command that changes the deployed code."""

STATE_OF_A_CLONE: Final = 'STATE = ROOT / ".tidings"'
NOT_COPIED: Final = shutil.ignore_patterns("__pycache__", "node_modules", ".*_cache")
PARTS: Final = (
    *("docs", "events", "functions", "gateway", "infra", "layers", "localstack", "tests"),
    *("template.yaml", "pyproject.toml", "Makefile", "README.md"),
)


def copy_of_the_clone(folder: Path) -> Path:
    """Return a copy of the working tree that uses the installed programs of the original."""
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=NOT_COPIED)
        else:
            shutil.copy2(ROOT / part, folder / part)
    bootstrap = folder / "localstack/bootstrap.py"
    text = bootstrap.read_text()
    assert STATE_OF_A_CLONE in text
    bootstrap.write_text(text.replace(STATE_OF_A_CLONE, f'STATE = Path("{STATE}")'))
    return folder


def before_the_deployment() -> list[Block]:
    """Return the commands that write code and test it."""
    headings = list(dict.fromkeys(each.heading for each in blocks_of(PAGE)))
    early = headings[: headings.index(DEPLOYMENT)]
    return [each for each in commands_of(PAGE) if each.heading in early]


# `make test` would start a stack of its own.
TESTS_HERE: Final = """
make() {
  if [ "$1" != test ]; then command make "$@"; return; fi
  local T="" PYTEST="" "${@:2}"
  %s -m pytest -p no:cacheprovider $PYTEST $T
}
"""


def follow(
    blocks: list[Block], clone: Path, stack: str, instead: Mapping[str, str] | None = None
) -> None:
    """Run commands of the page in a copy of the clone; its tests use the stack of this run."""
    ours = [name for name in os.environ if name.startswith(("TIDINGS_", "AWS_"))]
    settings = " ".join(f"{name}={shlex.quote(os.environ[name])}" for name in ours)
    run(
        blocks,
        folder=clone,
        environment=environment_of(stack),
        instead=instead or {},
        before=TESTS_HERE % f"{settings} {sys.executable}",
    )
