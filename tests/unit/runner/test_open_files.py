import os
import resource
import subprocess
import sys

PROGRAM = """
import resource
from tidings_local.runner.open_files import allow_many

resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
allow_many()
allow_many()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def limits(hard: int) -> list[int]:
    program = [sys.executable, "-c", PROGRAM.format(hard=hard)]
    here = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(program, capture_output=True, text=True, check=True, env=here)
    return [int(word) for word in done.stdout.split()]


def test_runner_raises_its_limit_of_open_files() -> None:
    assert limits(2000) == [2000, 2000]


def test_large_limit_is_not_used_up() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, kept = limits(hard)
    assert soft <= 65_536
    assert kept == hard
