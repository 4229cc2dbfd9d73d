"""Tests of reading the code to deploy from a working tree, and of saving it."""

from pathlib import Path

import pytest

from tidings_local.launcher.deploying import deployed_code
from tidings_local.launcher.deploying.archives import Archive, zipped
from tidings_local.launcher.deploying.deployed_code import Code, working_tree
from tidings_local.launcher.errors import LauncherError

TEMPLATE = """
Globals:
  Function:
    CodeUri: functions/
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub "${AWS::StackName}-one", Handler: one.handler}
  Gateway:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub "${AWS::StackName}-gateway", CodeUri: gateway/}
  OurLayer:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: makefile}
    Properties: {ContentUri: layer/}
  Packages:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: makefile}
    Properties: {ContentUri: packages/}
  Queue:
    Type: AWS::SQS::Queue
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("functions", "gateway", "layer"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.py").write_text(f"NAME = '{folder}'\n")
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "requirements.txt").write_text("redis\n")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path


def test_each_function_has_the_code_of_its_folder(tree: Path) -> None:
    code = working_tree(tree)
    assert code.functions.keys() == {"tidings-one", "tidings-gateway"}
    assert code.functions["tidings-one"].content == zipped(tree / "functions")
    assert code.functions["tidings-gateway"].content == zipped(tree / "gateway")


def test_a_layer_of_packages_is_not_code(tree: Path) -> None:
    code = working_tree(tree)
    assert {name: each.content for name, each in code.layers.items()} == {
        "OurLayer": zipped(tree / "layer", "python/")
    }


@pytest.mark.parametrize("folder", ["functions", "gateway", "layer"])
def test_code_that_does_not_compile_is_refused_with_its_place(tree: Path, folder: str) -> None:
    (tree / folder / "one.py").write_text("\nprint(\n")
    with pytest.raises(LauncherError) as refused:
        working_tree(tree)
    assert f"{folder}/one.py:2" in refused.value.message


def test_a_file_with_null_bytes_is_refused_with_its_place(tree: Path) -> None:
    (tree / "functions" / "one.py").write_bytes(b"a = 1\0")
    with pytest.raises(LauncherError, match=r"functions/one\.py"):
        working_tree(tree)


def test_checked_code_is_not_checked_again(tree: Path) -> None:
    known = working_tree(tree)
    (tree / "gateway" / "one.py").write_text("\nprint(\n")
    with pytest.raises(LauncherError, match=r"gateway/one\.py:2"):
        working_tree(tree, known)
    broken = Code({"any": Archive(zipped(tree / "gateway"))}, {})
    assert working_tree(tree, broken).functions["tidings-gateway"] == broken.functions["any"]


def test_only_changed_files_of_a_changed_folder_are_checked(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = working_tree(tree)
    (tree / "layer" / "two.py").write_text("x = 1\n")
    checked: list[str] = []
    monkeypatch.setattr(
        "builtins.compile", lambda _, file, *__, **___: checked.append(Path(file).name)
    )
    working_tree(tree, known)
    assert checked == ["two.py"]


def test_saved_code_is_read_again(tree: Path, tmp_path: Path) -> None:
    code = working_tree(tree)
    others = deployed_code.save(Code({"other": Archive(zipped(tree))}, {}), tmp_path / "kept")
    names = deployed_code.save(code, tmp_path / "kept")
    assert deployed_code.load(names, tmp_path / "kept") == code
    assert deployed_code.load(others, tmp_path / "kept").functions.keys() == {"other"}


def test_code_with_a_missing_archive_is_not_read(tree: Path, tmp_path: Path) -> None:
    names = deployed_code.save(working_tree(tree), tmp_path / "kept")
    next((tmp_path / "kept").glob("*.zip")).unlink()
    with pytest.raises(FileNotFoundError):
        deployed_code.load(names, tmp_path / "kept")
