"""The packages of `sam build` contain compiled files, because AWS cannot store any."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.project import ROOT, template

MAKE = shutil.which("make")
WATCH = """
import importlib, json, pkgutil, sys
compiled = []
def hook(event, arguments):
    if event == "compile" and str(arguments[1]).startswith(sys.argv[1]):
        compiled.append(arguments[1])
sys.addaudithook(hook)
for name in sys.argv[2:]:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
        importlib.import_module(found.name)
print(json.dumps(compiled))
"""


def build(folder: str, target: str, artifacts: Path) -> None:
    """Run a build step as `sam build` does."""
    assert MAKE is not None
    done = subprocess.run(
        [MAKE, "-s", target],
        cwd=ROOT / folder,
        env={"PATH": os.environ["PATH"], "HOME": "/", "ARTIFACTS_DIR": str(artifacts)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def compiled_at_import(folder: Path, *names: str, path: tuple[Path, ...] = ()) -> list[str]:
    """Import modules in a process that cannot write compiled files; return what it compiled."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCH, str(folder), *names],
        env={"PYTHONPATH": os.pathsep.join(map(str, (folder, *path)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def sources(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.name != "Makefile"
    }


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    artifacts = tmp_path_factory.mktemp("layer")
    build("layers/tidings", "build-TidingsLayer", artifacts)
    return artifacts / "python"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Path:
    artifacts = tmp_path_factory.mktemp("gateway")
    build("gateway", "build-Gateway", artifacts)
    return artifacts


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Path:
    artifacts = tmp_path_factory.mktemp("console")
    build("functions/console", "build-Console", artifacts)
    return artifacts


def test_no_module_of_the_layer_is_compiled_at_import(layer: Path) -> None:
    assert compiled_at_import(layer, "tidings") == []


def test_no_module_of_the_gateway_is_compiled_at_import(layer: Path, gateway: Path) -> None:
    assert compiled_at_import(gateway, "app", path=(layer,)) == []


def test_no_module_of_the_console_is_compiled_at_import(layer: Path, console: Path) -> None:
    assert compiled_at_import(console, "console", path=(layer,)) == []


def test_packages_have_the_files_of_the_working_tree(
    layer: Path, gateway: Path, console: Path
) -> None:
    assert sources(layer) == sources(ROOT / "layers/tidings")
    assert sources(console) == sources(ROOT / "functions/console")
    served = sources(ROOT / "gateway")
    assert sources(gateway) == {
        name: text
        for name, text in served.items()
        if not name.startswith((".chalice", "operations/"))
    }


def test_compiled_files_name_the_place_on_aws(layer: Path) -> None:
    compiled = layer / "tidings/platform/__pycache__/context.cpython-311.pyc"
    assert b"/opt/python/tidings/platform/context.py" in compiled.read_bytes()


def test_step_of_the_third_party_layer_compiles_what_it_installed(tmp_path: Path) -> None:
    (tmp_path / "python/package").mkdir(parents=True)
    (tmp_path / "python/package/__init__.py").write_text("NAME = 1")
    build("layers/dependencies", "compile", tmp_path)
    assert compiled_at_import(tmp_path / "python", "package") == []


def test_module_without_a_compiled_file_would_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "package.py").write_text("NAME = 1")
    assert compiled_at_import(tmp_path, "package") == [str(tmp_path / "package.py")]


@pytest.mark.parametrize("name", ["DependenciesLayer", "TidingsLayer", "Gateway", "Console"])
def test_template_uses_these_steps(name: str) -> None:
    assert template()["Resources"][name]["Metadata"]["BuildMethod"] == "makefile"
