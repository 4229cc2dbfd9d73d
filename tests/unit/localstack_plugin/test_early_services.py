import pytest

from tests.unit.localstack_plugin.stand_ins import Shelf


def test_services_are_loaded_when_localstack_is_ready(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    from localstack.runtime import events
    from localstack.services.plugins import SERVICE_PLUGINS

    from tidings_local.localstack_plugin import early_services

    loaded: list[str] = []

    def require(name: str) -> None:
        assert events.infra_ready.is_set()
        loaded.append(name)
        if name == "s3":
            raise RuntimeError("a service that fails to load must not stop the others")

    monkeypatch.setattr(SERVICE_PLUGINS, "require", require, raising=False)
    thread = early_services.load_services_early()
    assert loaded == []
    events.infra_ready.set()
    thread.join(60)
    assert loaded == list(early_services.SERVICES)
