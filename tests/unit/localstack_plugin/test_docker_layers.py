from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.lambda_host.test_packages import zipped

Maker = Callable[..., Any]
LAYERS = (zipped({"python/a.py": "first"}), zipped({"python/a.py": "second"}))


def copied(version: Any) -> list[tuple[str, str]]:
    from tidings_local.localstack_plugin.docker_layers import copy_layers

    container = SimpleNamespace(copy_folders=[])
    copy_layers(container, version)
    return container.copy_folders  # type: ignore[no-any-return]


def test_layers_are_copied_to_opt_as_one_folder(
    make_version: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_LAMBDA_DIR", str(tmp_path))
    ((source, target),) = copied(make_version(layers=LAYERS))
    assert target == "/opt"
    assert source.endswith("/.")  # the content of the folder, not the folder itself
    assert Path(source, "python/a.py").read_text() == "second"
    assert not list(tmp_path.rglob("__pycache__"))


def test_function_without_layers_is_left_alone(make_version: Maker) -> None:
    assert copied(make_version()) == []


def test_image_has_its_layers_inside(make_version: Maker) -> None:
    assert copied(make_version(layers=LAYERS, package_type="Image")) == []
