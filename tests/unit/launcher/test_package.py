"""Artifacts on their way to S3."""

import io
import os
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tidings_local.launcher.package import artifacts, package, zipped


class Bucket:
    """As much of an S3 client as packaging uses."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.meta = type("Meta", (), {"endpoint_url": "http://localhost:4566"})

    def create_bucket(self, **_options: Any) -> None:
        """There is just one."""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        assert Key not in self.objects, f"{Bucket}/{Key} was there already"
        self.objects[Key] = Body

    def get_paginator(self, _operation: str) -> "Bucket":
        return self

    def paginate(self, **_options: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": key} for key in self.objects]}]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "Code").mkdir()
    (tmp_path / "Code" / "a.py").write_text("1")
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "Code"}}
    queue = {"Type": "AWS::SQS::Queue"}
    resources = {"One": function, "Two": deepcopy(function), "Queue": queue}
    template = {"Resources": resources}
    (tmp_path / "template.yaml").write_text(yaml.safe_dump(template))
    return tmp_path / "template.yaml"


def test_functions_with_the_same_code_share_one_upload(built: Path) -> None:
    bucket = Bucket()
    url = package(built, bucket)
    template = yaml.safe_load(bucket.objects[url.rpartition("/")[2]])
    places = {template["Resources"][name]["Properties"]["CodeUri"] for name in ("One", "Two")}
    assert len(places) == 1
    assert len(bucket.objects) == 2


def test_what_is_in_s3_already_is_left_out(built: Path) -> None:
    template = yaml.safe_load(built.read_text())
    template["Resources"]["One"]["Properties"]["CodeUri"] = "s3://bucket/key"
    assert len(artifacts(template)) == 1


def test_the_same_files_give_the_same_bytes(built: Path) -> None:
    before = zipped(built.parent / "Code")
    os.utime(built.parent / "Code" / "a.py", (1, 1))
    assert zipped(built.parent / "Code") == before


def test_a_zip_holds_the_files_with_their_modes(built: Path) -> None:
    (built.parent / "Code" / "a.py").chmod(0o755)
    with zipfile.ZipFile(io.BytesIO(zipped(built.parent / "Code"))) as archive:
        assert archive.read("a.py") == b"1"
        assert archive.getinfo("a.py").external_attr >> 16 == 0o755
