"""Tests of the text of failures."""

from pathlib import Path

from tidings_local.launcher.errors import TAIL_LINES, LauncherError


def test_message_and_hint_are_one_line() -> None:
    assert LauncherError("redis is away", hint="make up").lines() == ["redis is away: make up"]


def test_the_end_of_the_log_follows(tmp_path: Path) -> None:
    log = tmp_path / "redis.log"
    log.write_text("\n".join(f"line {number}" for number in range(100)))
    lines = LauncherError("redis died", log=log).lines()
    assert lines[-1].strip() == "line 99"
    assert len(lines) == TAIL_LINES + 2


def test_missing_log_is_no_second_failure(tmp_path: Path) -> None:
    assert LauncherError("redis died", log=tmp_path / "no.log").lines() == ["redis died"]
