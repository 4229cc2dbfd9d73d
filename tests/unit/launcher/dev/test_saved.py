from pathlib import Path

from tidings_local.launcher.deploying.template import Sources
from tidings_local.launcher.developing.dev.saved import saved

ROOT = Path("/clone")
USERS, GATEWAY, LAYER = ROOT / "functions/users", ROOT / "gateway", ROOT / "layers/tidings"
SOURCES = Sources({"login": USERS, "logout": USERS, "gateway": GATEWAY}, {"TidingsLayer": LAYER})


def test_a_functions_file_changes_its_folder() -> None:
    found = saved([USERS / "login.py"], SOURCES, ROOT)
    assert (found.files, found.folders) == ([USERS / "login.py"], {USERS})


def test_a_file_deep_in_a_layer_changes_the_layer() -> None:
    file = LAYER / "tidings/users/deep/model.py"
    assert saved([file], SOURCES, ROOT).folders == {LAYER}


def test_file_that_is_not_python_counts_too() -> None:
    assert saved([GATEWAY / "schema.graphql"], SOURCES, ROOT).folders == {GATEWAY}


def test_compiled_files_are_no_change() -> None:
    found = saved([USERS / "__pycache__/login.cpython-311.pyc"], SOURCES, ROOT)
    assert not found.files
    assert not found.for_deployment


def test_changed_dependencies_need_a_deployment() -> None:
    found = saved([ROOT / "layers/dependencies/requirements.txt"], SOURCES, ROOT)
    assert found.for_deployment == ["layers/dependencies/requirements.txt"]
    assert not found.folders


def test_several_files_are_reported_once_each() -> None:
    found = saved([USERS / "login.py", USERS / "login.py", GATEWAY / "app.py"], SOURCES, ROOT)
    assert found.files == [USERS / "login.py", GATEWAY / "app.py"]
    assert found.folders == {USERS, GATEWAY}
