"""Each log line has the same keys; persons are hashes."""

import io
import json
import logging
import random
from typing import Any

import pytest

from tidings.platform import logging as platform_logging
from tidings.platform.context import correlated
from tidings.platform.logging import hashed, logger, sample_debug
from tidings.platform.settings import settings

PERSON = "01a22bc6ffc52a2693e7dbaf"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_line_names_function_and_domain(written: io.StringIO) -> None:
    logger.info("order placed", order_id="1")
    (line,) = lines(written)
    assert line["function"] == settings().function_name
    assert "service" not in line
    assert {"level", "message", "timestamp", "domain"} <= line.keys()


@pytest.mark.parametrize(
    ("path", "domain"),
    [
        ("/opt/python/tidings/orders/operations.py", "orders"),
        ("/home/ada/tidings/layers/tidings/tidings/platform/entry/job.py", "platform"),
        ("/var/task/app.py", "gateway"),
    ],
)
def test_domain_is_the_package_of_the_code(path: str, domain: str) -> None:
    assert platform_logging._domain_of(path) == domain


def test_persons_are_hashes(written: io.StringIO) -> None:
    logger.info("role set", user_id=PERSON, by=PERSON, role="admin")
    logger.info("nobody", user_id=None)
    first, second = lines(written)
    assert first["user_id"] == first["by"] == hashed(PERSON)
    assert PERSON not in json.dumps(first)
    assert first["role"] == "admin"
    assert second.get("user_id") is None
    assert hashed(PERSON) != hashed(PERSON[:-1] + "0")


def test_ids_of_the_event_are_in_its_lines_only(written: io.StringIO) -> None:
    with correlated("request"):
        with correlated("request", "event-1", "order.placed"):
            logger.info("a")
            with correlated("request", "event-1"):
                logger.info("b")
            with correlated("other", "event-2"):
                logger.info("c")
        logger.info("d")
    logger.info("e")
    keys = ("correlation_id", "message_id", "event_type")
    assert [tuple(line.get(key) for key in keys) for line in lines(written)] == [
        ("request", "event-1", "order.placed"),
        ("request", "event-1", "order.placed"),
        ("other", "event-2", None),
        ("request", None, None),
        (None, None, None),
    ]


@pytest.mark.parametrize(("chance", "level"), [(0.09, logging.DEBUG), (0.1, logging.INFO)])
def test_a_part_of_the_invocations_logs_in_detail(
    chance: float, level: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled = settings().model_copy(update={"debug_sample": 0.1})
    monkeypatch.setattr(platform_logging, "settings", lambda: sampled)
    monkeypatch.setattr(platform_logging, "_level", lambda: logging.INFO)
    monkeypatch.setattr(random.SystemRandom, "random", lambda _: chance)
    before = logger.log_level
    try:
        sample_debug()
        assert logger.log_level == level
    finally:
        logger.setLevel(before)


def test_without_a_sample_the_level_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_logging, "_logger", lambda: pytest.fail("the level was set"))
    sample_debug()
