"""Upload the code to S3, and put the addresses into the template that `sam build` made.

`sam package` does the same, but starts a second Python and zips the same folder once for each
function that uses it, which would delay each `make deploy` by seconds.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import yaml

from ..settings import CLOUDFORMATION_STACK
from .archives import Archive, zipped
from .deployed_code import Code

BUCKET = "tidings-artifacts"
ARTIFACT_PROPERTIES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::Api": "DefinitionUri",
}

Resource = dict[str, Any]


def package(template_file: Path, code: Code, s3: Any) -> tuple[str, set[str]]:
    """Upload artifacts and template.

    Args:
        template_file: the template of `sam build`, with its artifacts beside it.
        code: archives of functions and layers; missing ones are made from the build.
        s3: a client of S3.

    Returns:
        The template's URL, and the names of its parameters.
    """
    template = yaml.load(template_file.read_text(), yaml.CSafeLoader)
    s3.create_bucket(Bucket=BUCKET)
    bucket = _Bucket(s3)
    for name, resource in template["Resources"].items():
        if artifact := artifact_of(resource):
            known = archive_of(name, resource, code)
            path = template_file.parent / resource["Properties"][artifact]
            key = bucket.put_archive(known) if known else bucket.put_path(path)
            resource["Properties"][artifact] = f"s3://{BUCKET}/{key}"
    return bucket.put_template(template), set(template.get("Parameters", {}))


def artifact_of(resource: Resource) -> str | None:
    """Return the property that names a local file or folder, if the resource has one."""
    name = ARTIFACT_PROPERTIES.get(resource["Type"], "")
    value = resource.get("Properties", {}).get(name)
    return name if isinstance(value, str) and not value.startswith("s3://") else None


def archive_of(name: str, resource: Resource, code: Code) -> Archive | None:
    """Return the archive of a function by its deployed name, or of a layer by its own."""
    deployed = resource["Properties"].get("FunctionName")
    if isinstance(deployed, dict):
        deployed = deployed.get("Fn::Sub")
    if isinstance(deployed, str):
        return code.functions.get(deployed.replace("${AWS::StackName}", CLOUDFORMATION_STACK))
    return code.layers.get(name)


def kept_archive(folder: Path) -> Path:
    """Return the archive of a folder that `sam build` made, stored beside it.

    Its compiled files were made of the same files. A build is never changed, and to compress its
    third-party packages takes more than a second.
    """
    archive = folder.with_name(f"{folder.name}.zip")
    if not archive.is_file():
        draft = folder.with_name(f"{folder.name}.{os.getpid()}.draft")
        draft.write_bytes(zipped(folder, compiled=True))
        draft.replace(archive)
    return archive


class _Bucket:
    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self._keys: dict[Path, str] = {}
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        self._present = {item["Key"] for page in pages for item in page.get("Contents", [])}

    def put_archive(self, archive: Archive) -> str:
        key = f"{archive.hexdigest}.zip"
        self._put(key, archive.content)
        return key

    def put_path(self, path: Path) -> str:
        """Upload a file, or a folder as an archive, unless S3 has it already."""
        if path not in self._keys:
            self._keys[path] = self._put_file(path) if path.is_file() else self._put_folder(path)
        return self._keys[path]

    def _put_folder(self, folder: Path) -> str:
        return self.put_archive(Archive(kept_archive(folder).read_bytes()))

    def _put_file(self, file: Path) -> str:
        content = file.read_bytes()
        key = hashlib.sha256(content).hexdigest() + file.suffix
        self._put(key, content)
        return key

    def put_template(self, template: dict[str, Any]) -> str:
        """Upload the template as JSON, which LocalStack parses much faster than YAML."""
        body = json.dumps(template, default=str).encode()  # str: for YAML dates
        key = f"{hashlib.sha256(body).hexdigest()}.template"
        self._put(key, body)
        return f"{self._s3.meta.endpoint_url}/{BUCKET}/{key}"

    def _put(self, key: str, content: bytes) -> None:
        if key not in self._present:
            self._s3.put_object(Bucket=BUCKET, Key=key, Body=content)
            self._present.add(key)
