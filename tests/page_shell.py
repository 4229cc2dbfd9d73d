"""Run the commands of a page in one bash, as a reader does who copies them in order."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from secrets import token_hex

from tests.pages import Block
from tests.settings import StackUnderTest

PATIENCE_SECONDS = 300


def run(
    blocks: Sequence[Block],
    *,
    folder: Path,
    environment: Mapping[str, str],
    instead: Mapping[str, str],
    before: str = "",
    seconds: float = PATIENCE_SECONDS,
) -> None:
    """Run the blocks, and compare their output where the page shows it.

    Args:
        instead: texts of the page, and what takes their place here (an address, for instance).
        before: commands of the test.

    Raises:
        AssertionError: a command failed, or printed something else.
    """
    mark = f"--- {token_hex(8)} ---"
    parts = [f"echo {shlex.quote(mark)}\n{replaced(each.code, instead)}" for each in blocks]
    printed, status = _bash(
        f"set -euo pipefail\n{before}\n{''.join(parts)}", folder, environment, seconds
    )
    before, *outputs = printed.split(f"{mark}\n")
    assert outputs, before
    for number, (block, output) in enumerate(zip(blocks, outputs, strict=False), 1):
        ended = status == 0 or number < len(outputs)
        assert ended, f"{block} ended with {status}\n\n{block.code}\nprinted:\n{output}"
        if block.output is not None:
            _compare(block, replaced(block.output, instead), output)
    assert len(outputs) == len(blocks), f"{blocks[len(outputs) - 1]} ended the shell"


def names_of(stack: StackUnderTest) -> dict[str, str]:
    """Return what takes the place of the pages' addresses and names on a stack.

    The names themselves would be taken by the last run, or by another test.
    """
    own = token_hex(4)
    return {
        "https://localhost:4566/_aws/execute-api/tidings/local": stack.api_url,
        "$PWD/.tidings/stacks/local/localhost.pem.crt": stack.ca_file,
        "@example.com": f"@{own}.example.com",
        "MUG-BLUE": f"MUG-{own}",
        "spring_sale": f"spring_{own}",
    }


def replaced(text: str, instead: Mapping[str, str]) -> str:
    for old, new in instead.items():
        text = text.replace(old, new)
    return text


def _compare(block: Block, shown: str, printed: str) -> None:
    wanted = re.sub(r"^\.\.\.\n", "...", shown, flags=re.MULTILINE)  # or no line at all
    same = OutputChecker().check_output(wanted, printed, ELLIPSIS | NORMALIZE_WHITESPACE)
    assert same, f"the output of {block}\n\nshown:\n{shown}\nprinted:\n{printed}"


def environment_of(stack: str) -> dict[str, str]:
    """Return the environment of a person who uses a stack: without the settings of the tests."""
    foreign = ("TIDINGS_", "AWS_", "PYTHON", "PYTEST", "MAKE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"TIDINGS_STACK": stack, "TIDINGS_PYTHON": sys.executable}


def _bash(
    script: str, folder: Path, environment: Mapping[str, str], seconds: float
) -> tuple[str, int]:
    """Return the output of a script, and its exit status."""
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            printed, _ = running.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            printed, _ = running.communicate()
            printed += f"\nkilled after {seconds} s"
    return printed, running.returncode
