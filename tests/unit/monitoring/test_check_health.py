import time
from collections.abc import Callable

import pytest
from pydantic import ValidationError
from pymongo.errors import AutoReconnect

from tidings.monitoring import health as module
from tidings.monitoring.health import HealthQuery, check_health, look


def answers() -> None:
    return None


def fails() -> None:
    raise AutoReconnect("mongodb://user:secret@host")


@pytest.mark.parametrize(
    ("needed", "dispensable", "status"),
    [
        (answers, answers, "healthy"),
        (answers, fails, "degraded"),
        (fails, answers, "unhealthy"),
        (fails, fails, "unhealthy"),
    ],
)
def test_health_follows_the_services(
    needed: Callable[[], None], dispensable: Callable[[], None], status: str
) -> None:
    health = check_health(needed={"mongodb": needed}, dispensable={"redis": dispensable})
    assert health.status == status
    assert health.services["mongodb"].status == ("up" if needed is answers else "down")
    assert health.services["redis"].status == ("up" if dispensable is answers else "down")


def test_each_service_is_timed() -> None:
    began = time.perf_counter()
    health = check_health(needed={"mongodb": answers}, dispensable={"redis": fails})
    most_ms = (time.perf_counter() - began) * 1000 + 0.1  # rounded
    assert all(0 <= service.latency_ms <= most_ms for service in health.services.values())


def test_cause_is_not_revealed() -> None:
    health = check_health(needed={"mongodb": fails}, dispensable={})
    assert "secret" not in health.model_dump_json()


def test_any_error_counts_as_down() -> None:
    def breaks() -> None:
        raise RuntimeError

    assert check_health(needed={}, dispensable={"rabbitmq": breaks}).status == "degraded"


@pytest.mark.parametrize("sent", [{}, {"deep": "0"}, {"deep": "false"}])
def test_shallow_health_asks_no_service(
    sent: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "check_services", lambda: pytest.fail("a service was asked"))
    found = look(HealthQuery.model_validate(sent))
    assert (found.status, found.services) == ("healthy", {})


@pytest.mark.parametrize("deep", ["1", "true"])
def test_deep_health_asks_the_services(deep: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = check_health(needed={"mongodb": fails}, dispensable={})
    monkeypatch.setattr(module, "check_services", lambda: asked)
    assert look(HealthQuery.model_validate({"deep": deep})) is asked


@pytest.mark.parametrize("deep", ["", "2", "yes", "True"])
def test_other_depths_are_refused(deep: str) -> None:
    with pytest.raises(ValidationError):
        HealthQuery.model_validate({"deep": deep})
