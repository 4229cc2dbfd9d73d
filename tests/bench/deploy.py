"""Deployments of changed lines: the time of `make deploy`, beside that of the Lambda API alone.

The changes are made in a copy of the working tree, which is deployed to the running stack. At the
end the working tree itself is deployed again. CPU times are those of the deploying process and of
the programs that it starts; the server's work is not in them.
"""

import io
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bootstrap import ROOT
from tests.e2e.aws import client
from tests.faults.working_tree import WorkingTree

TIMES = 5
YARDSTICK = "yardstick: UpdateFunctionCode of one function"
FUNCTION = "tidings-get-jwks"
FILES = {
    "a line in a function": "functions/users/get_jwks.py",
    "a line in the gateway": "gateway/app.py",
    "a line in the layer": "layers/tidings/tidings/platform/timing/clock.py",
}


def main() -> None:
    """Print a Markdown table. The stack must be up."""
    print("<!-- chart: p50 -->")
    print("| change | p50 | longest | CPU |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        tree = WorkingTree.copy_to(Path(folder))
        try:
            tree.deploy()
            _row("nothing", lambda _: tree.deploy())
            for what, file in FILES.items():
                _row(what, lambda n, file=file: _change_and_deploy(tree, file, n))  # type: ignore[misc]
            _row(YARDSTICK, _update_function)
        finally:
            WorkingTree(ROOT).deploy()


def _row(what: str, act: Callable[[int], object]) -> None:
    took: list[float] = []
    cpu = _cpu()
    for number in range(TIMES):
        begun = time.monotonic()
        act(number)
        took.append(time.monotonic() - begun)
    each = (_cpu() - cpu) / TIMES
    print(f"| {what} | {median(took):.2f} s | {max(took):.2f} s | {each:.2f} s |")


def _change_and_deploy(tree: WorkingTree, file: str, number: int) -> None:
    tree.append(file, f"\n# change {number}\n")
    tree.deploy()


def _update_function(number: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("get_jwks.py", f"def handler(*_):\n    return {number}\n")
    aws = client("lambda")
    aws.update_function_code(FunctionName=FUNCTION, ZipFile=packed.getvalue())
    aws.get_waiter("function_updated_v2").wait(
        FunctionName=FUNCTION, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )


def _cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    parts = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(each.ru_utime + each.ru_stime for each in map(resource.getrusage, parts))


if __name__ == "__main__":
    main()
