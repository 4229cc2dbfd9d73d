"""The deployed packages fit into a function on AWS, unzipped and with all layers."""

import io
import urllib.request
import zipfile
from typing import Any, Final

from tests.e2e.aws import client

# docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
UNZIPPED_BYTES: Final = 250 * 1024 * 1024


def unzipped_bytes(location: str) -> int:
    with urllib.request.urlopen(location) as answer:
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    return sum(each.file_size for each in archive.infolist())


def layer_bytes(arn: str) -> int:
    *_, name, version = arn.split(":")
    found = client("lambda").get_layer_version(LayerName=name, VersionNumber=int(version))
    return unzipped_bytes(found["Content"]["Location"])


def test_largest_function_fits_with_its_layers() -> None:
    functions = client("lambda")
    listed: list[dict[str, Any]] = [
        each
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each["FunctionName"].startswith("tidings-")
    ]
    layers = {layer["Arn"] for each in listed for layer in each.get("Layers", [])}
    assert len(layers) == 2
    largest = max(listed, key=lambda each: int(each["CodeSize"]))["FunctionName"]
    code = unzipped_bytes(functions.get_function(FunctionName=largest)["Code"]["Location"])
    assert code + sum(map(layer_bytes, layers)) < UNZIPPED_BYTES
