import json
from pathlib import Path

from tests.unit.runner.builders import a_function
from tidings_local.runner.forms import (
    Alias,
    FunctionSettings,
    function_form,
    function_of,
    settings_form,
    settings_of,
)


def test_function_is_unchanged_after_json() -> None:
    function = a_function(
        opt_dir=Path("/opt"), variables={"A": "1"}, platform_variables={"B": "2"}, memory_mb=512
    )
    assert function_of(json.loads(json.dumps(function_form(function)))) == function


def test_function_without_layers_is_unchanged_after_json() -> None:
    assert function_of(json.loads(json.dumps(function_form(a_function())))).opt_dir is None


def test_settings_are_unchanged_after_json() -> None:
    settings = FunctionSettings(0, {"live": Alias("1", {"2": 0.5}), "next": Alias("2")})
    assert settings_of(json.loads(json.dumps(settings_form(settings)))) == settings
