"""Read template.yaml as CloudFormation gets it, after the transform of AWS's own SAM translator."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.contract.project import ROOT

# SAM has a virtual environment of its own beside that of the tests.
PYTHON: Final = Path(sys.prefix).parent / "sam" / "bin" / "python"
GROWN: Final = ("GradualDeployment=true", "Tracing=Active")
"""Everything that can be on at once: the largest template.

Each combination of parameters costs seconds, so the tests of either parameter use this one.
"""


@cache
def transformed(*arguments: str) -> dict[str, Any]:
    """Return the template.

    Args:
        arguments: of infra/aws/transform.py: parameters (`Name=value`) that differ from their
            defaults, and `--changed=<function or layer>`.
    """
    command = [str(PYTHON), "infra/aws/transform.py", "template.yaml", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    template: dict[str, Any] = json.loads(done.stdout)
    return template


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a type by their names."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
