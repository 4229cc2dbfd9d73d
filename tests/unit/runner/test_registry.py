import pytest

from tests.unit.runner.builders import PREFIX, a_function
from tidings_local.lambda_host import FunctionKey
from tidings_local.runner.forms import Alias, FunctionSettings
from tidings_local.runner.registry import Registry, UnknownFunctionError

ARN = f"{PREFIX}:orders"


@pytest.fixture
def registry() -> Registry:
    registry = Registry(chance=lambda: 0.3)
    for version in ("$LATEST", "1", "2"):
        registry.put(a_function(version=version))
    return registry


@pytest.mark.parametrize(
    ("name", "qualifier", "version"),
    [
        ("orders", None, "$LATEST"),
        ("orders:1", None, "1"),
        ("orders", "2", "2"),
        ("000000000000:function:orders", None, "$LATEST"),
        (ARN, None, "$LATEST"),
        (ARN, "1", "1"),
        (f"{ARN}:$LATEST", None, "$LATEST"),
        (f"{ARN}:2", None, "2"),
    ],
)
def test_function_is_found_by_every_form_of_its_name(
    registry: Registry, name: str, qualifier: str | None, version: str
) -> None:
    assert registry.find(name, qualifier).function.version == version


def test_call_has_the_arn_that_it_named(registry: Registry) -> None:
    assert registry.find("orders").invoked_arn == ARN
    assert registry.find("orders:1").invoked_arn == f"{ARN}:1"


@pytest.mark.parametrize(
    "name",
    [
        "products",
        "orders:3",
        "orders:live",
        "arn:aws:lambda:eu-west-1:000000000000:function:orders",
        "arn:aws:lambda:us-east-1:111111111111:function:orders",
        "../orders",
        "",
    ],
)
def test_unknown_name_is_reported(registry: Registry, name: str) -> None:
    with pytest.raises(UnknownFunctionError, match="Function not found"):
        registry.find(name)


@pytest.mark.parametrize(
    ("weights", "version"),
    [({}, "1"), ({"2": 0.31}, "2"), ({"2": 0.3}, "1"), ({"$LATEST": 0.2, "2": 0.2}, "2")],
)
def test_alias_leads_to_its_versions_by_their_weights(
    registry: Registry, weights: dict[str, float], version: str
) -> None:
    registry.set_settings(ARN, FunctionSettings(aliases={"live": Alias("1", weights)}))
    found = registry.find("orders:live")
    assert found.function.version == version
    assert found.invoked_arn == f"{ARN}:live"


def test_settings_apply_to_all_versions(registry: Registry) -> None:
    registry.set_settings(ARN, FunctionSettings(reserved_concurrency=2))
    assert registry.find("orders:1").reserved_concurrency == 2
    assert registry.find("orders").reserved_concurrency == 2
    registry.set_settings(ARN, None)
    assert registry.find("orders").reserved_concurrency is None


def test_new_revision_replaces_the_old_one(registry: Registry) -> None:
    arn = f"{ARN}:$LATEST"
    assert registry.put(a_function(revision="2")) == FunctionKey(arn, "1")
    assert registry.find("orders").function.revision == "2"
    assert registry.put(a_function(revision="2")) is None  # sent twice


def test_removed_version_is_not_found(registry: Registry) -> None:
    assert registry.remove(f"{ARN}:1") == FunctionKey(f"{ARN}:1", "1")
    assert registry.remove(f"{ARN}:1") is None
    with pytest.raises(UnknownFunctionError):
        registry.find("orders:1")
