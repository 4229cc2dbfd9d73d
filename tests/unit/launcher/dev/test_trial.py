import sys
from pathlib import Path

import pytest

import bootstrap
from tidings_local.launcher.deploying.template import Sources
from tidings_local.launcher.developing.dev.trial import Trial, trials


@pytest.fixture(autouse=True)
def this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "python_of", lambda _: Path(sys.executable))


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    users, layer = tmp_path / "functions/users", tmp_path / "layers/tidings"
    for folder in (users, layer / "tidings/orders"):
        folder.mkdir(parents=True)
    (layer / "tidings/__init__.py").touch()
    (layer / "tidings/orders/__init__.py").touch()
    return Sources({"login": users}, {"TidingsLayer": layer})


def test_modules_are_named_as_functions_import_them(sources: Sources) -> None:
    users, layer = sources.functions["login"], sources.layers["TidingsLayer"]
    (users / "login.py").touch()
    files = [users / "login.py", users / "gone.py", layer / "tidings/orders/__init__.py"]
    assert trials([*files, layer / "preload.list"], sources) == [
        Trial(users, ("login",)),
        Trial(layer, ("tidings.orders",)),
    ]


def test_module_that_imports_has_no_error(sources: Sources, tmp_path: Path) -> None:
    opt = tmp_path / "opt"
    opt.mkdir()
    (opt / "python").symlink_to(sources.layers["TidingsLayer"])
    users = sources.functions["login"]
    (users / "login.py").write_text("import tidings.orders\n")
    assert Trial(users, ("login",)).error([opt]) is None


def test_failed_import_has_the_place_of_the_error(sources: Sources) -> None:
    users = sources.functions["login"]
    (users / "login.py").write_text("x = 1\nimport nowhere_to_be_found\n")
    error = Trial(users, ("login",)).error([])
    assert error
    assert f'File "{users}/login.py", line 2' in error
    assert "No module named 'nowhere_to_be_found'" in error
    assert "importlib" not in error  # without frames of the launcher or importlib


def test_module_that_ends_the_process_is_an_error(sources: Sources) -> None:
    users = sources.functions["login"]
    (users / "login.py").write_text("raise SystemExit(0)\n")
    error = Trial(users, ("login",)).error([])
    assert error
    assert "SystemExit" in error
