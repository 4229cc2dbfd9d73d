"""Transform a SAM template to CloudFormation as AWS does, and print it as JSON.

    .tidings/venvs/sam/bin/python infra/aws/transform.py template.yaml [Parameter=value ...]

The translator is the one in SAM's virtual environment, so the functions' code need not be built:
its addresses are replaced by invented ones.
"""

import json
import os
import sys
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


def transformed(template: Path, parameters: dict[str, str], code: str = "code") -> dict[str, Any]:
    """Return the CloudFormation template.

    Args:
        template: a SAM template.
        parameters: values that replace the parameters' defaults.
        code: the key in S3 of all packages; another one stands for changed code.

    Raises:
        samtranslator.model.exceptions.InvalidDocumentException: the template is wrong.
    """
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    document = yaml_parse(template.read_text())
    for name, resource in document["Resources"].items():
        properties = resource.get("Properties", {})
        for artifact in ARTIFACTS:
            if artifact in properties:
                properties[artifact] = f"s3://artifacts/{name}-{code}"
    result: dict[str, Any] = transform(document, parameters, ManagedPolicies())
    return result


if __name__ == "__main__":
    values = dict(argument.split("=", 1) for argument in sys.argv[2:])
    print(json.dumps(transformed(Path(sys.argv[1]), values)))  # noqa: T201 - the command's output
