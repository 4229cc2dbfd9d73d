import pytest
from resolvers import places
from resolvers.places import Places, at_first_use, operation_named

from tidings.platform.operation import OPERATIONS


def test_module_is_imported_when_a_name_is_used() -> None:
    table: Places[object] = Places({"a": "no.such.module.name", "b": "math.pi"})
    assert "a" in table
    assert list(table) == ["a", "b"]
    assert len(table) == 2
    assert table["b"] == 3.141592653589793
    with pytest.raises(ModuleNotFoundError):
        table["a"]
    assert table.get("c") is None


def test_operation_that_the_file_does_not_have_yet_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "_modules", dict)
    assert operation_named("place_order").name == "place_order"
    with pytest.raises(KeyError):
        operation_named("no_such_operation")
    assert "place_order" in OPERATIONS


def test_resolver_is_found_once_and_called_with_the_arguments() -> None:
    found: list[int] = []

    def find() -> object:
        found.append(1)
        return lambda source, info, **arguments: (source, info, arguments)

    resolve = at_first_use(find)  # type: ignore[arg-type]
    assert found == []
    assert resolve("source", "info", a=1) == resolve("source", "info", a=1)
    assert resolve("source", "info", a=1) == ("source", "info", {"a": 1})
    assert found == [1]
