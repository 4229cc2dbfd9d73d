"""Puts what `sam build` made into S3 and the places into the template.

`sam package` does the same, but starts a second Python for it and zips the same folder once
for each function that uses it: seconds that each `make deploy` would wait.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import yaml

from .fingerprints import fingerprint

BUCKET = "tidings-artifacts"
ARTIFACT_PROPERTIES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::Api": "DefinitionUri",
}
EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def package(template_file: Path, s3: Any) -> str:
    """Upload the artifacts and the template; returns the template's URL."""
    template = yaml.safe_load(template_file.read_text())
    s3.create_bucket(Bucket=BUCKET)
    present, keys = _present_keys(s3), dict[Path, str]()
    for properties, name in artifacts(template):
        path = template_file.parent / properties[name]
        if path not in keys:  # nearly all functions are of one folder
            keys[path] = _upload(path, present, s3)
        properties[name] = f"s3://{BUCKET}/{keys[path]}"
    return _upload_template(template, s3)


def _upload(path: Path, present: set[str], s3: Any) -> str:
    key = fingerprint([path], root=path if path.is_dir() else path.parent) + path.suffix
    if key not in present:
        s3.put_object(Bucket=BUCKET, Key=key, Body=content_of(path))
    return key


def artifacts(template: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Every property that names a local file or folder, with the properties it is in."""
    found = []
    for resource in template["Resources"].values():
        name = ARTIFACT_PROPERTIES.get(resource["Type"], "")
        properties = resource.get("Properties", {})
        value = properties.get(name)
        if isinstance(value, str) and not value.startswith("s3://"):
            found.append((properties, name))
    return found


def content_of(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else zipped(path)


def zipped(folder: Path) -> bytes:
    """The same bytes for the same content: an unchanged layer gets no new version."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)), EARLIEST_ZIP_TIME)
            entry.external_attr = (0o755 if file.stat().st_mode & 0o111 else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
    return out.getvalue()


def _present_keys(s3: Any) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}


def _upload_template(template: dict[str, Any], s3: Any) -> str:
    body = yaml.safe_dump(template, sort_keys=False).encode()
    key = f"{hashlib.sha256(body).hexdigest()}.template"
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return f"{s3.meta.endpoint_url}/{BUCKET}/{key}"
