"""Tests of the upload of artifacts to S3."""

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tidings_local.launcher.deploying.archives import Archive
from tidings_local.launcher.deploying.deployed_code import Code
from tidings_local.launcher.deploying.package import BUCKET, artifact_of, package


class Bucket:
    """An S3 client with the calls that packaging uses."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.meta = type("Meta", (), {"endpoint_url": "http://localhost:4566"})

    def create_bucket(self, **_options: Any) -> None:
        """Do nothing: there is just one bucket."""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        assert Key not in self.objects, f"{Bucket}/{Key} was uploaded twice"
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


NOTHING = Code({}, {})


def packaged(template_file: Path, code: Code, bucket: Bucket) -> dict[str, Any]:
    """Package the template, and return it as it was uploaded."""
    url, _ = package(template_file, code, bucket)
    template: dict[str, Any] = json.loads(bucket.objects[url.rpartition("/")[2]])
    return template


def place_of(name: str, template: dict[str, Any]) -> str:
    return str(template["Resources"][name]["Properties"]["CodeUri"])


def test_functions_with_the_same_code_share_one_upload(built: Path) -> None:
    bucket = Bucket()
    template = packaged(built, NOTHING, bucket)
    assert place_of("One", template) == place_of("Two", template)
    assert len(bucket.objects) == 2


def test_copies_of_the_same_code_are_uploaded_once(built: Path) -> None:
    template = yaml.safe_load(built.read_text())
    shutil.copytree(built.parent / "Code", built.parent / "Copy")
    template["Resources"]["Two"]["Properties"]["CodeUri"] = "Copy"
    built.write_text(yaml.safe_dump(template))
    bucket = Bucket()
    template = packaged(built, NOTHING, bucket)
    assert place_of("One", template) == place_of("Two", template)


def test_folder_is_compressed_once_for_all_deployments_of_a_build(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = packaged(built, NOTHING, Bucket())
    monkeypatch.setattr("tidings_local.launcher.deploying.package.zipped", None)
    assert packaged(built, NOTHING, Bucket()) == first


def test_code_of_the_working_tree_wins_over_the_build(built: Path) -> None:
    template = yaml.safe_load(built.read_text())
    template["Resources"]["One"]["Properties"]["FunctionName"] = {
        "Fn::Sub": "${AWS::StackName}-one"
    }
    built.write_text(yaml.safe_dump(template))
    bucket, newer = Bucket(), Archive(b"newer")
    template = packaged(built, Code({"tidings-one": newer}, {}), bucket)
    assert place_of("One", template) == f"s3://{BUCKET}/{newer.hexdigest}.zip"
    assert bucket.objects[f"{newer.hexdigest}.zip"] == b"newer"
    assert place_of("Two", template) != place_of("One", template)


def test_layer_of_the_working_tree_wins_over_the_build(built: Path) -> None:
    template = yaml.safe_load(built.read_text())
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "Code"}}
    template["Resources"] = {"Ours": layer, "Packages": deepcopy(layer)}
    built.write_text(yaml.safe_dump(template))
    newer = Archive(b"newer")
    resources = packaged(built, Code({}, {"Ours": newer}), Bucket())["Resources"]
    places = [resources[name]["Properties"]["ContentUri"] for name in ("Ours", "Packages")]
    assert places[0] == f"s3://{BUCKET}/{newer.hexdigest}.zip"
    assert places[1] != places[0]


def test_template_lists_its_parameters(built: Path) -> None:
    template = yaml.safe_load(built.read_text())
    built.write_text(yaml.safe_dump(template | {"Parameters": {"StageName": {"Type": "String"}}}))
    assert package(built, NOTHING, Bucket())[1] == {"StageName"}


def test_objects_already_in_s3_are_not_uploaded(built: Path) -> None:
    resource = yaml.safe_load(built.read_text())["Resources"]["One"]
    assert artifact_of(resource) == "CodeUri"
    resource["Properties"]["CodeUri"] = "s3://bucket/key"
    assert artifact_of(resource) is None
