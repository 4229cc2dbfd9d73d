"""The part of docs/stock-tools.md that needs no other tool and little time."""

import json
import subprocess
import sys

from bootstrap import ROOT
from tests.pages import commands


def test_boto3_calls_a_function_and_reads_its_logs() -> None:
    (program,) = commands("stock-tools.md", "boto3", "python")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answer, _, logs = done.stdout.partition("\n")
    assert "getProducts" in json.loads(answer)["body"]
    assert "START RequestId: " in logs
