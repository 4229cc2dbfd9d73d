"""The server of the live inbox uses the domains' operations, and runs without LocalStack."""

import re

import pytest

from tests.contract.project import ROOT, imported_modules, python_files, relative
from tidings_local.launcher.running.services.live import SOURCES

SERVER = python_files("infra/live")


@pytest.mark.parametrize("path", SERVER, ids=relative)
def test_server_imports_neither_the_local_engine_nor_documents(path: object) -> None:
    imported = imported_modules(path)  # type: ignore[arg-type]
    assert [each for each in imported if each.startswith("tidings_local")] == []
    assert [each for each in imported if re.fullmatch(r"tidings\.\w+\.models", each)] == []


def test_nothing_else_imports_the_server() -> None:
    others = python_files("layers/tidings", "functions", "gateway", "localstack")
    found = {
        relative(path)
        for path in others
        if any(each.split(".")[0] == "tidings_live" for each in imported_modules(path))
    }
    assert found == set()


def test_its_process_starts_again_with_changed_code() -> None:
    assert all((ROOT / each).is_dir() for each in SOURCES)
    assert (ROOT / SOURCES[0] / "tidings_live" / "__main__.py").is_file()
