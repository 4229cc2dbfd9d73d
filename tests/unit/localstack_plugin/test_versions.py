from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.lambda_host.test_packages import zipped
from tests.unit.localstack_plugin.stand_ins import Shelf
from tidings_local.lambda_host import FunctionKey, PackageStore

Maker = Callable[..., Any]
CODE = zipped({"app.py": ""})


def test_version_becomes_a_function(make_version: Maker, tmp_path: Path) -> None:
    from tidings_local.localstack_plugin.versions import to_function

    version = make_version(CODE, environment={"MINE": "1"}, timeout=7, memory_size=256)
    function = to_function(version, PackageStore(tmp_path))
    assert (function.name, function.version, function.region) == ("orders", "$LATEST", "eu-west-1")
    assert (function.timeout_seconds, function.memory_mb) == (7, 256)
    assert function.key == FunctionKey("arn:orders:$LATEST", "1")
    assert function.variables == {"MINE": "1"}
    assert function.platform_variables == {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    }
    assert function.log_group == "/aws/lambda/orders"
    assert (function.code_dir / "app.py").exists()
    assert function.opt_dir is None


def test_function_may_set_another_endpoint(make_version: Maker, tmp_path: Path) -> None:
    from tidings_local.localstack_plugin.versions import to_function

    own = {"AWS_ENDPOINT_URL": "http://elsewhere"}
    function = to_function(make_version(CODE, environment=own), PackageStore(tmp_path))
    assert function.platform_variables["AWS_ENDPOINT_URL"] == "http://elsewhere"


def test_role_is_assumed_once_for_each_function(
    make_version: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment

    from tidings_local.localstack_plugin.versions import to_function

    keys = iter(("first", "second"))
    monkeypatch.setattr(
        ExecutionEnvironment, "get_credentials", lambda _: {"AccessKeyId": next(keys)}
    )
    packages = PackageStore(tmp_path)
    roles = ("arn:of-orders", "arn:of-orders", "arn:another")
    functions = [to_function(make_version(CODE, role=role), packages) for role in roles]
    used = [each.platform_variables["AWS_ACCESS_KEY_ID"] for each in functions]
    assert used == ["first", "first", "second"]


def test_layers_are_merged_in_their_order(make_version: Maker, tmp_path: Path) -> None:
    from tidings_local.localstack_plugin.versions import to_function

    layers = (zipped({"python/a.py": "first"}), zipped({"python/a.py": "second"}))
    function = to_function(make_version(CODE, layers), PackageStore(tmp_path))
    assert function.opt_dir
    assert (function.opt_dir / "python/a.py").read_text() == "second"


def test_unpacked_code_is_not_downloaded_again(
    make_version: Maker, shelf: Shelf, tmp_path: Path
) -> None:
    from tidings_local.localstack_plugin.archives import code_dir

    version = make_version(CODE)
    store = PackageStore(tmp_path)
    assert code_dir(version, store) == code_dir(version, store)
    assert shelf.downloads == ["code"]


@pytest.mark.parametrize("settings", [{"runtime": "nodejs20.x"}, {"package_type": "Image"}])
def test_version_that_needs_a_container_is_refused_with_a_hint(
    make_version: Maker, settings: dict[str, str]
) -> None:
    from tidings_local.localstack_plugin.versions import UnsupportedFunctionError, check_supported

    with pytest.raises(UnsupportedFunctionError, match="LAMBDA_RUNTIME_EXECUTOR=docker"):
        check_supported(make_version(**settings))
