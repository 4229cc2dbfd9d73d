"""The generated client has a typed function for each operation of the OpenAPI document."""

import importlib
import inspect
import json
import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest

import bootstrap
from tests.client_package import FOLDER, client_package, import_client, wheel
from tests.contract.project import ROOT

DOCUMENT: Final = json.loads((ROOT / "functions/monitoring/openapi.json").read_text())
OPERATIONS: Final = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
each_operation = pytest.mark.parametrize("name", sorted(OPERATIONS))
ID: Final = "6b0152a6f6b097fd8ed20a9a"


def function(name: str) -> Any:
    import_client()
    (tag,) = OPERATIONS[name][2]["tags"]
    return getattr(importlib.import_module(f"tidings_client.api.{tag}"), name)


def arguments_of(name: str) -> dict[str, Any]:
    """Return the required arguments of an operation, with the document's example as the body."""
    models = importlib.import_module("tidings_client.models")
    _, _, operation = OPERATIONS[name]
    required = (each for each in operation.get("parameters", ()) if each["required"])
    arguments: dict[str, Any] = {each["name"]: ID for each in required}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if reference := content["schema"].get("$ref"):
            model = getattr(models, reference.rpartition("/")[2])
            arguments["body"] = model.from_dict(content["example"])
    return arguments


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - {"upload_tasks"}))
def test_operation_is_a_function_that_sends_its_request(name: str) -> None:
    called = function(name)
    request = inspect.getmodule(called)._request(**arguments_of(name))  # type: ignore[union-attr]
    method, path, operation = OPERATIONS[name]
    assert (request["method"], request["url"]) == (method, re.sub(r"\{\w+\}", ID, path))
    for content in operation.get("requestBody", {}).get("content", {}).values():
        sent = json.dumps(request["json"]).replace("+00:00", "Z")
        assert json.loads(sent) == content["example"]


def test_upload_sends_a_file_with_its_media_type() -> None:
    import_client()
    types = importlib.import_module("tidings_client.types")
    file = types.File(payload=BytesIO(b"title\nWrite\n"))
    module: Any = inspect.getmodule(function("upload_tasks"))
    request = module._request(body=file, content_type="text/csv", idempotency_key="k")
    assert request["content"] == b"title\nWrite\n"
    assert request["headers"] == {"Content-Type": "text/csv", "Idempotency-Key": "k"}


@each_operation
def test_twin_for_asyncio_has_the_same_arguments(name: str) -> None:
    called = function(name)
    twin: Any = getattr(inspect.getmodule(called), f"{name}_async")
    ours, theirs = (inspect.signature(each).parameters for each in (called, twin))
    assert inspect.iscoroutinefunction(twin)
    assert [str(each) for each in ours.values()][1:] == [str(each) for each in theirs.values()][1:]


def test_parameters_left_out_are_not_sent() -> None:
    """The API has the defaults, and another page than the first is not asked for by a cursor."""
    module: Any = inspect.getmodule(function("get_products"))
    assert module._request()["params"] == {}
    preferences = importlib.import_module("tidings_client.models").UpdatePreferences
    assert preferences(quiet_hours=None).to_dict() == {"quiet_hours": None}


def test_unknown_values_and_fields_of_a_newer_api_are_read() -> None:
    import_client()
    models = importlib.import_module("tidings_client.models")
    assert models.OrderState("lost").value == "lost"
    assert models.OrderState("lost") == "lost"
    money = models.Money.from_dict({"amount": 3, "currency": "XTS", "added_later": 1})
    assert (money.amount, money.currency) == (3, "XTS")
    with pytest.raises(ValueError, match="3 is not a valid OrderState"):
        models.OrderState(3)


def test_client_and_its_readme_are_typed(tmp_path: Path) -> None:
    """mypy --strict finds nothing, in the package and in the programs of its page."""
    package = client_package()
    programs = re.findall(
        r"^```python\n(.*?)^```", (package / "README.md").read_text(), re.M | re.S
    )
    assert len(programs) == 2
    for number, program in enumerate(programs):
        (tmp_path / f"program_{number}.py").write_text(program)
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from tidings_client import Client\nfrom tidings_client.api import orders\n"
        'client = Client("https://shop.example.com")\n'
        'orders.get_order(client, 5)\norders.get_order(client, "x").stat\n'
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary"),
            *(f"--cache-dir={FOLDER / 'mypy'}", str(package / "tidings_client"), str(tmp_path)),
        ],
        env={"MYPYPATH": str(package)},
        capture_output=True,
        text=True,
    )
    complaints = done.stdout.splitlines()
    assert [re.sub(r"^.*/|\[.*$", "", each).strip() for each in complaints] == [
        'wrong.py:4: error: Argument 2 to "get_order" has incompatible type "int"; expected "str"',
        'wrong.py:5: error: "OrderView" has no attribute "stat"; maybe "state"?',
    ], done.stdout + done.stderr


def test_wheel_has_everything_that_users_need() -> None:
    with zipfile.ZipFile(wheel()) as file:
        names = file.namelist()
        (metadata,) = (name for name in names if name.endswith("METADATA"))
        about = file.read(metadata).decode()
    assert {"tidings_client/py.typed", "tidings_client/session.py"} <= set(names)
    about_it = {f"{metadata.split('/')[0]}/{name}" for name in ("WHEEL", "METADATA", "RECORD")}
    licence = {f"{metadata.split('/')[0]}/licenses/LICENSE"}
    code = {name for name in names if re.fullmatch(r"tidings_client/[\w/]+\.py", name)}
    assert set(names) - code == about_it | licence | {"tidings_client/py.typed"}
    assert f"Version: {DOCUMENT['info']['version']}\n" in about
    assert "License-Expression: Apache-2.0" in about
    assert "A typed Python client" in about


def test_version_that_pip_does_not_know_is_refused(tmp_path: Path) -> None:
    version = '1.0"\n2'
    command = [str(bootstrap.python_of("client")), "infra/client/build.py", str(tmp_path)]
    done = subprocess.run(
        [*command, f"--version={version}"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == f"Version number {version!r} does not match PEP 440 rules\n"
    assert list(tmp_path.iterdir()) == []
