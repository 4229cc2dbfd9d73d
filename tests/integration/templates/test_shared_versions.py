"""Current versions and contents of templates are shared, and current after a change."""

from collections.abc import Iterator

import pytest

from tests.integration.builders import a_redis_that_is_away
from tests.integration.templates.test_templates import CODE, created, updated
from tidings.platform.caching import cache
from tidings.platform.storage.resting import Resting
from tidings.templates import versions
from tidings.templates.errors import TemplateNotFound


@pytest.fixture(autouse=True)
def _awake() -> Iterator[None]:
    yield
    Resting.wake_all()


def another_environment() -> None:
    """Forget what this environment keeps, as one that has just started."""
    versions._known.forget()
    versions.content_of.cache_clear()


def test_second_environment_asks_mongodb_nothing(commands: list[str]) -> None:
    created()
    another_environment()
    first = versions.known_version(CODE), versions.content_of(CODE, 1)
    commands.clear()
    another_environment()
    assert (versions.known_version(CODE), versions.content_of(CODE, 1)) == first
    assert commands == []


def test_change_is_seen_by_the_next_environment() -> None:
    created()
    another_environment()
    assert versions.known_version(CODE) == 1
    updated("Two {{ who }}", version=1)
    another_environment()
    assert versions.known_version(CODE) == 2
    assert versions.content_of(CODE, 2) != versions.content_of(CODE, 1)


def test_new_template_can_be_used_at_once() -> None:
    another_environment()
    assert versions.known_version(CODE) is None
    created()
    assert versions.known_version(CODE) == 1


def test_unknown_version_is_asked_for_each_time() -> None:
    with pytest.raises(TemplateNotFound):
        versions.content_of(CODE, 7)
    created()
    with pytest.raises(TemplateNotFound):
        versions.content_of(CODE, 7)
    assert versions.content_of(CODE, 1)


def test_without_redis_templates_are_read_from_mongodb(
    commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    created()
    monkeypatch.setattr(cache, "client", a_redis_that_is_away)
    another_environment()
    commands.clear()
    assert versions.known_version(CODE) == 1
    assert versions.content_of(CODE, 1)
    assert sorted(commands) == ["aggregate", "find"]
