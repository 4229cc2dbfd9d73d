from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.lambda_host.builders import a_function
from tidings_local.lambda_host import Function
from tidings_local.lambda_host.variables import process_variables, python_path


@pytest.fixture
def function(tmp_path: Path) -> Function:
    return a_function(tmp_path)


def variables_of(function: Function) -> dict[str, str]:
    return process_variables(
        function,
        interpreter=Path("/runtime/bin/python"),
        runtime_api="127.0.0.1:9001",
        scratch_dir=Path("/scratch"),
    )


def test_host_variables_are_not_passed_on(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "x")
    assert "HOST_SECRET" not in variables_of(function)
    assert "HOME" not in variables_of(function)


def test_reserved_names_override_the_functions_own(function: Function) -> None:
    bent = replace(function, variables={"AWS_LAMBDA_FUNCTION_NAME": "bent", "_HANDLER": "bent"})
    assert variables_of(bent)["AWS_LAMBDA_FUNCTION_NAME"] == "orders-place"
    assert variables_of(bent)["_HANDLER"] == "app.handler"


def test_function_may_override_unreserved_names(function: Function) -> None:
    own = {"TZ": "Europe/Madrid", "LANG": "C", "PATH": "/own"}
    assert variables_of(replace(function, variables=own)).items() >= own.items()


def test_platform_sets_credentials_and_endpoint(function: Function) -> None:
    given = {"AWS_ACCESS_KEY_ID": "key", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    assert variables_of(replace(function, platform_variables=given)).items() >= given.items()


def test_layers_come_in_the_order_of_aws_and_the_functions_own_path_last(
    function: Function,
) -> None:
    layered = replace(function, opt_dir=Path("/layers"), variables={"PYTHONPATH": "/own"})
    assert python_path(layered) == (
        "/layers/python/lib/python3.11/site-packages:/layers/python:/own"
    )


def test_without_layers_the_path_is_empty(function: Function) -> None:
    assert python_path(function) == ""
