"""Tests of the output while a command runs."""

import io

import pytest

from tidings_local.launcher import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Write to a terminal. This is no fixture, because pytest gives each test its own streams."""
    found = Terminal()
    monkeypatch.setattr("sys.stderr", found)
    return found


def test_step_shows_the_seconds_since_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    progress.step("redis is ready")
    seconds, _, message = capsys.readouterr().out.partition(" s  ")
    assert float(seconds) >= 0
    assert message == "redis is ready\n"


def test_warnings_follow_the_output_so_far(capfd: pytest.CaptureFixture[str]) -> None:
    progress.show("first")
    progress.complain("second")
    out, err = capfd.readouterr()
    assert (out, err) == ("first\n", "second\n")


def test_bar_grows_in_place_and_ends_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with progress.bar() as grow:
        grow(0.5, "3 rows")
        grow(1.0, "6 rows")
    first, second = terminal.getvalue().removeprefix("\r").split("\r")
    assert (first.count("#"), second.count("#")) == (progress.BAR_WIDTH // 2, progress.BAR_WIDTH)
    assert "50%  3 rows" in first
    assert second.endswith("100%  6 rows\n")


@pytest.mark.parametrize(("share", "shown"), [(-1.0, "0%"), (7.0, "100%")])
def test_share_beyond_its_bounds_is_shown_within_them(
    monkeypatch: pytest.MonkeyPatch, share: float, shown: str
) -> None:
    terminal = a_terminal(monkeypatch)
    with progress.bar() as grow:
        grow(share, "")
    assert shown in terminal.getvalue()
    assert terminal.getvalue().count("#") in (0, progress.BAR_WIDTH)


def test_bar_without_progress_leaves_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with progress.bar():
        pass
    assert terminal.getvalue() == ""


def test_bar_ends_its_line_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with pytest.raises(RuntimeError), progress.bar() as grow:
        fail_after(grow)
    assert terminal.getvalue().endswith("\n")


def fail_after(grow: object) -> None:
    assert callable(grow)
    grow(0.2, "")
    raise RuntimeError


def test_without_a_terminal_it_prints_a_line_for_each_tenth(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress.bar() as grow:
        for percent in range(101):
            grow(percent / 100, f"{percent} rows")
    assert len(capsys.readouterr().err.splitlines()) == 11
