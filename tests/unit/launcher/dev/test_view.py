import io
from pathlib import Path

import pytest
from rich.text import Text

from tests.unit.launcher.dev.builders import a_call, a_line
from tidings_local.launcher.developing.dev.compiled import Mistake
from tidings_local.launcher.developing.dev.view import Terminal, View, shortener

LONG = "a message that is much longer than the terminal is wide " * 3


def a_view(
    *, terminal: bool, width: int = 80, encoding: str = "utf-8"
) -> tuple[View, io.TextIOWrapper]:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Terminal(
        file=out,
        force_terminal=terminal,
        width=width if terminal else None,
        color_system="truecolor" if terminal else None,
        highlight=False,
        markup=False,
        legacy_windows=False,
    )
    return View(console), out


def written(out: io.TextIOWrapper) -> str:
    out.flush()
    buffer = out.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode(out.encoding)


def test_a_pipe_gets_whole_plain_lines() -> None:
    view, out = a_view(terminal=False)
    view.calls([a_call(a_line(LONG, correlation_id="c-1", order_id="o-1"))])
    head, line = written(out).splitlines()
    assert head.endswith(" login  12 ms  c-1")
    assert line == f"  INFO    {LONG}  order_id=o-1"
    assert "\x1b" not in written(out)


def test_a_terminal_gets_colours_and_no_line_is_too_wide() -> None:
    view, out = a_view(terminal=True, width=30)
    view.calls([a_call(a_line(LONG, level="ERROR", correlation_id="c-1"), init_ms=15.0)])
    shown = written(out)
    assert "\x1b[" in shown
    lines = [Text.from_ansi(line).plain.rstrip() for line in shown.splitlines()]
    assert all(len(line) <= 30 for line in lines)
    assert "much" in shown
    assert any(line.startswith("│") for line in lines)


def test_terminal_without_these_characters_gets_others() -> None:
    view, out = a_view(terminal=True, encoding="ascii")
    view.calls([a_call("printed")])
    assert "| " in Text.from_ansi(written(out)).plain


def test_text_that_looks_like_markup_is_shown_unchanged() -> None:
    view, out = a_view(terminal=False)
    view.calls([a_call("[bold]not ours[/bold] :smile:")])
    assert "[bold]not ours[/bold] :smile:" in written(out)


def test_log_lines_cannot_control_the_terminal() -> None:
    view, out = a_view(terminal=True)
    view.calls([a_call(a_line("clear \x1b[2J it", email="a\x07b"), "and \x1b[31m this")])
    shown = written(out)
    assert "\x1b[2J" not in shown
    assert "\x07" not in shown
    assert "\\x1b[2J it" in Text.from_ansi(shown).plain


def test_failed_call_is_shown_with_its_traceback() -> None:
    view, out = a_view(terminal=False)
    view.calls(
        [
            a_call(
                "[ERROR] KeyError: 'x'",
                "Traceback (most recent call last):",
                is_error=True,
                payload='{"errorType": "KeyError"}',
            )
        ]
    )
    shown = written(out)
    assert "login  12 ms  failed" in shown
    assert "  [ERROR] KeyError: 'x'\n  Traceback (most recent call last):" in shown


def test_traceback_of_a_log_line_is_shown_below_it() -> None:
    view, out = a_view(terminal=False)
    view.calls([a_call(a_line("call failed", level="ERROR", exception="Traceback:\n  here"))])
    assert written(out).endswith("  ERROR   call failed\n  Traceback:\n    here\n")


def test_syntax_error_is_shown_with_its_line() -> None:
    view, out = a_view(terminal=False)
    view.shorten(shortener("/clone", "/run/dev", {}))
    view.mistakes([Mistake(Path("/clone/functions/users/login.py"), 3, "invalid syntax", "def (:")])
    first, second = written(out).splitlines()
    assert first.endswith("functions/users/login.py:3: invalid syntax")
    assert "/clone" not in first
    assert second.endswith("def (:")


def test_an_import_that_fails_is_shown() -> None:
    view, out = a_view(terminal=False)
    view.failure("login cannot be imported", "Traceback:\nNameError: x\n")
    assert written(out).endswith("login cannot be imported\n  Traceback:\n  NameError: x\n")


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ('File "/c l/functions/users/login.py", line 1', 'File "functions/users/login.py", line 1'),
        ('File "/run/dev/abc-7/python/tidings/x.py"', 'File "layers/tidings/tidings/x.py"'),
        (
            'File "/run/dev/abc-7/python/pydantic/x.py"',
            'File "/run/dev/abc-7/python/pydantic/x.py"',
        ),
        ("nothing to see", "nothing to see"),
    ],
)
def test_paths_are_relative_to_the_clone(text: str, short: str) -> None:
    shortened = shortener("/c l", "/run/dev", {"layers/tidings": ["tidings", "preload.list"]})
    assert shortened(text) == short
