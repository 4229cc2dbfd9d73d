r"""Transform a SAM template to CloudFormation as AWS does, and print it as JSON.

    .tidings/venvs/sam/bin/python infra/aws/transform.py template.yaml [Parameter=value ...] \
        [--changed <function or layer> ...]

The translator is the one in SAM's virtual environment, so the functions' code need not be built:
its addresses are replaced by invented ones.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ARTIFACTS = ("CodeUri", "ContentUri")
REGION = "us-east-1"


class ManagedPolicies:
    """No managed policy by its name: the template does not use any."""

    def load(self) -> dict[str, str]:
        return {}


def transformed(
    template: Path, parameters: dict[str, str], changed: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the CloudFormation template.

    Args:
        template: a SAM template.
        parameters: values that replace the parameters' defaults.
        changed: the functions and layers whose code has changed.

    Raises:
        samtranslator.model.exceptions.InvalidDocumentException: the template is wrong.
    """
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    document = yaml_parse(template.read_text())
    for name, resource in document["Resources"].items():
        properties = resource.get("Properties", {})
        for artifact in ARTIFACTS:
            if artifact in properties:
                properties[artifact] = f"s3://artifacts/{name}{'-changed' * (name in changed)}"
    result: dict[str, Any] = transform(document, parameters, ManagedPolicies())
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("template", type=Path)
    parser.add_argument("parameters", nargs="*", metavar="Parameter=value")
    parser.add_argument("--changed", action="append", default=[])
    given = parser.parse_args()
    values = dict(each.split("=", 1) for each in given.parameters)
    made = transformed(given.template, values, given.changed)
    print(json.dumps(made))  # noqa: T201 - the command's output


if __name__ == "__main__":
    main()
