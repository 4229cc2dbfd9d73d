"""Tests of code updates of deployed functions: the calls that are made."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from tests.simulated_aws import simulated_aws
from tests.unit.lambda_host.test_packages import zipped
from tidings_local.launcher.deploying.archives import Archive
from tidings_local.launcher.deploying.code_update import layer_name, update_code
from tidings_local.launcher.deploying.deployed_code import Code
from tidings_local.launcher.errors import LauncherError

OLD, NEW = (Archive(zipped({"app.py": text})) for text in ("'old'", "'new'"))
OLD_LAYER, NEW_LAYER = (Archive(zipped({"python/ours.py": text})) for text in ("'old'", "'new'"))
READING = {"ListFunctions", "GetLayerVersion", "ListLayerVersions", "GetFunctionConfiguration"}


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with simulated_aws(monkeypatch):
        yield boto3.client("lambda", region_name="us-east-1")


@pytest.fixture
def role(functions: Any) -> str:
    iam: Any = boto3.client("iam", region_name="us-east-1")
    return str(iam.create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"])


@pytest.fixture
def create(functions: Any, role: str) -> Callable[..., str]:
    layer = functions.publish_layer_version(
        LayerName="OurLayer", Content={"ZipFile": OLD_LAYER.content}
    )["LayerVersionArn"]

    def made(name: str, code: Archive = OLD) -> str:
        functions.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": code.content},
            Layers=[layer],
        )
        return str(layer)

    return made


@pytest.fixture
def changes(functions: Any) -> list[str]:
    """Return the calls that change something, in order."""
    noted: list[str] = []

    def note(model: Any, **_: Any) -> None:
        if model.name not in READING:
            noted.append(model.name)

    functions.meta.events.register("before-call.lambda", note)
    return noted


def digest_of(functions: Any, name: str) -> str:
    return str(functions.get_function_configuration(FunctionName=name)["CodeSha256"])


def layers_of(functions: Any, name: str) -> list[str]:
    configuration = functions.get_function_configuration(FunctionName=name)
    return [layer["Arn"] for layer in configuration["Layers"]]


def test_only_functions_with_other_code_are_updated(
    functions: Any, create: Callable[..., str], changes: list[str]
) -> None:
    create("tidings-changed")
    create("tidings-same")
    changes.clear()
    code = Code({"tidings-changed": NEW, "tidings-same": OLD}, {"OurLayer": OLD_LAYER})
    assert update_code(functions, code) == ["tidings-changed"]
    assert changes == ["UpdateFunctionCode"]
    assert digest_of(functions, "tidings-changed") == NEW.sha256


def test_no_call_is_made_without_a_difference(
    functions: Any, create: Callable[..., str], changes: list[str]
) -> None:
    create("tidings-one")
    changes.clear()
    code = Code({"tidings-one": OLD}, {"OurLayer": OLD_LAYER})
    assert update_code(functions, code) == []
    assert changes == []


def test_changed_layer_is_published_once_and_used_by_all(
    functions: Any, create: Callable[..., str], changes: list[str]
) -> None:
    for name in ("tidings-one", "tidings-two"):
        create(name)
    changes.clear()
    code = Code({"tidings-one": OLD, "tidings-two": OLD}, {"OurLayer": NEW_LAYER})
    assert update_code(functions, code) == ["tidings-one", "tidings-two"]
    assert changes == ["PublishLayerVersion", *["UpdateFunctionConfiguration"] * 2]
    (layer,) = {arn for name in code.functions for arn in layers_of(functions, name)}
    number = int(layer.rpartition(":")[2])
    found = functions.get_layer_version(LayerName="OurLayer", VersionNumber=number)
    assert found["Content"]["CodeSha256"] == NEW_LAYER.sha256


def test_versions_published_here_are_removed_when_unused(
    functions: Any, create: Callable[..., str]
) -> None:
    first = create("tidings-one")
    for text in ("second", "third"):
        layer = Archive(zipped({"python/ours.py": text}))
        update_code(functions, Code({"tidings-one": OLD}, {"OurLayer": layer}))
    versions = functions.list_layer_versions(LayerName="OurLayer")["LayerVersions"]
    # CloudFormation made the first version and still refers to it.
    left = {version["LayerVersionArn"] for version in versions}
    assert left == {first, *layers_of(functions, "tidings-one")}


def test_functions_of_other_stacks_and_undeployed_ones_are_left_alone(
    functions: Any, create: Callable[..., str], changes: list[str]
) -> None:
    create("another-shop")
    changes.clear()
    assert update_code(functions, Code({"another-shop": NEW, "tidings-absent": NEW}, {})) == []
    assert changes == []


def test_the_name_of_a_layer_is_read_from_its_version() -> None:
    assert layer_name("arn:aws:lambda:us-east-1:000000000000:layer:OurLayer:12") == "OurLayer"


# -------------------------------------------------------------------------- failing updates


class Busy(Exception):
    """Lambda accepts no update while another one of the function is in progress."""


class Stubborn:
    """A Lambda API with one function, whose update ends as the test sets."""

    exceptions = SimpleNamespace(ResourceConflictException=Busy)

    def __init__(self, *statuses: str, reason: str | None = None) -> None:
        self._statuses, self._reason = list(statuses), reason
        self.updates: list[str] = []

    def get_paginator(self, operation: str) -> Any:
        pages: dict[str, Any] = {
            "list_functions": {"Functions": [self._function(), {"FunctionName": "elsewhere"}]},
            "list_layer_versions": {"LayerVersions": []},
        }
        return SimpleNamespace(paginate=lambda **_: [pages[operation]])

    def update_function_code(self, *, FunctionName: str, ZipFile: bytes) -> None:  # noqa: N803
        self.updates.append(FunctionName)

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, str]:  # noqa: N803
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        reason = {"LastUpdateStatusReason": self._reason} if self._reason else {}
        return {"LastUpdateStatus": status} | reason

    def _function(self) -> dict[str, Any]:
        return {"FunctionName": "tidings-one", "CodeSha256": OLD.sha256, "Layers": []}


def bring_new_code(functions: Stubborn) -> list[str]:
    return update_code(functions, Code({"tidings-one": NEW}, {}))


def test_update_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings_local.launcher.deploying.code_update.POLL_SECONDS", 0)
    functions = Stubborn("InProgress", "InProgress", "Successful")
    assert bring_new_code(functions) == ["tidings-one"]
    assert functions.updates == ["tidings-one"]


def test_failed_update_is_reported_with_its_reason() -> None:
    functions = Stubborn("InProgress", "Failed", reason="the archive is broken")
    with pytest.raises(LauncherError, match="tidings-one did not take its new code") as told:
        bring_new_code(functions)
    assert told.value.hint == "the archive is broken"


def test_update_that_never_ends_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidings_local.launcher.deploying.code_update.UPDATE_SECONDS", 0.1)
    with pytest.raises(LauncherError, match="did not take its new code") as told:
        bring_new_code(Stubborn("InProgress"))
    assert "not updated in 0.1 s" in told.value.hint


def test_no_status_is_read_without_an_update() -> None:
    assert update_code(Stubborn(), Code({"tidings-one": OLD, "tidings-other": NEW}, {})) == []


class TwoFunctions:
    """A Lambda API that refuses the update of one function, while that of the other takes time."""

    exceptions = SimpleNamespace(ResourceConflictException=Busy)

    def __init__(self) -> None:
        self.code = {"tidings-slow": OLD.sha256, "tidings-refused": OLD.sha256}
        self.reads_left = 0

    def get_paginator(self, operation: str) -> Any:
        functions = [
            {"FunctionName": name, "CodeSha256": digest, "Layers": []}
            for name, digest in self.code.items()
        ]
        pages: dict[str, Any] = {"list_functions": {"Functions": functions}}
        return SimpleNamespace(paginate=lambda **_: [pages[operation]])

    def update_function_code(self, *, FunctionName: str, ZipFile: bytes) -> None:  # noqa: N803
        if FunctionName == "tidings-refused":
            raise OSError("no space left on device")
        if self.reads_left:
            raise Busy
        self.code[FunctionName] = Archive(ZipFile).sha256
        self.reads_left = 3

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, str]:  # noqa: N803
        self.reads_left -= 1
        return {"LastUpdateStatus": "InProgress" if self.reads_left else "Successful"}


@pytest.fixture
def two_functions(monkeypatch: pytest.MonkeyPatch) -> TwoFunctions:
    monkeypatch.setattr("tidings_local.launcher.deploying.code_update.POLL_SECONDS", 0)
    return TwoFunctions()


def test_refused_update_is_reported_after_the_others_have_ended(
    two_functions: TwoFunctions,
) -> None:
    with pytest.raises(OSError, match="no space left"):
        update_code(two_functions, Code({"tidings-slow": NEW, "tidings-refused": NEW}, {}))
    assert two_functions.reads_left == 0
    update_code(two_functions, Code({"tidings-slow": OLD, "tidings-refused": OLD}, {}))
    assert set(two_functions.code.values()) == {OLD.sha256}


def test_update_waits_for_an_earlier_one_that_is_in_progress(two_functions: TwoFunctions) -> None:
    two_functions.reads_left = 5
    update_code(two_functions, Code({"tidings-slow": NEW}, {}))
    assert two_functions.code["tidings-slow"] == NEW.sha256
