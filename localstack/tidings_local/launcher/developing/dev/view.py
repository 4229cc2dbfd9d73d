"""The terminal output of `make dev`."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from threading import Lock
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...operating.log_record import harmless
from .calls import Block, Call, Line, blocks
from .compiled import Mistake

LEVELS = {"DEBUG": "dim", "WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}
PALETTE = ("cyan", "magenta", "green", "blue", "yellow", "bright_cyan", "bright_magenta")
"""A request keeps its colour from one function to the next."""
INDENT = "  "
PREFIX = "tidings-"
"""As in `make logs`, functions are named without the stack."""


class Terminal(Console):
    """Ignores a closed pipe, where rich would end the thread."""

    reader_is_gone = False

    def on_broken_pipe(self) -> None:
        self.quiet = self.reader_is_gone = True


class View:
    """Prints for a terminal, or plain lines for a pipe. Threads may share it."""

    def __init__(self, console: Terminal) -> None:
        self._console = console
        self._shortened: Callable[[str], str] = harmless
        self._lock = Lock()

    @property
    def reader_is_gone(self) -> bool:
        """Whether the reader of the output has closed the pipe."""
        return self._console.reader_is_gone

    def shorten(self, shortened: Callable[[str], str]) -> None:
        """Show paths as this function returns them."""
        self._shortened = lambda text: harmless(shortened(text))

    def calls(self, calls: list[Call]) -> None:
        """Show ended calls, grouped by request."""
        with self._lock:
            for block in blocks(calls):
                self._show(_head(block), block.correlation_id, list(self._body(block)))

    def note(self, text: str, style: str = "dim") -> None:
        """Show a line of `make dev` itself."""
        with self._lock:
            self._print(Text(f"{_now()} {self._shortened(text)}", style=style))

    def mistakes(self, mistakes: list[Mistake]) -> None:
        """Show the errors of files that do not compile."""
        for mistake in mistakes:
            place = f"{mistake.file}:{mistake.line}" if mistake.line else str(mistake.file)
            self.note(f"{place}: {mistake.message}", style="bold red")
            if mistake.text:
                self.note(f"{INDENT}{mistake.text}", style="red")

    def failure(self, head: str, traceback: str) -> None:
        """Show an error that no call has raised yet."""
        self.note(head, style="bold red")
        with self._lock:
            for line in traceback.rstrip().splitlines():
                self._print(Text(INDENT + self._shortened(line), style="red"))

    def _body(self, block: Block) -> Iterator[Text]:
        for line in block.lines:
            yield _rendered(line, self._shortened)
            for each in line.trace.splitlines():
                yield Text(self._shortened(each), style="red")

    def _show(self, head: Text, correlation_id: str | None, body: list[Text]) -> None:
        self._print(head)
        if not self._console.is_terminal:
            for line in body:
                self._print(Text(INDENT) + line)
        elif body:
            self._console.print(_beside_bar(body, _colour(correlation_id), self._bar))

    @property
    def _bar(self) -> str:
        return "|" if self._console.options.ascii_only else "│"

    def _print(self, text: Text) -> None:
        # A pipe needs whole lines; a terminal wraps them at its width.
        self._console.print(text, soft_wrap=not self._console.is_terminal)


def _beside_bar(lines: list[Text], colour: str, bar: str) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0), expand=True)
    table.add_column(width=1)
    table.add_column(overflow="fold", ratio=1)
    for line in lines:
        table.add_row(Text(bar, style=colour), line)
    return table


def _head(block: Block) -> Text:
    call = block.call
    head = Text(f"{_time(call.ended_at)} ", style="dim")
    head.append(call.function.removeprefix(PREFIX), style=f"bold {_colour(block.correlation_id)}")
    if block.is_first:
        head.append(f"  {call.duration_ms:.0f} ms")
        if call.init_ms is not None:
            head.append(f"  cold start {call.init_ms:.0f} ms", style="dim")
        if call.is_error:
            head.append("  failed", style="bold red")
    if block.correlation_id:
        head.append(f"  {harmless(block.correlation_id)}", style="dim")
    return head


def _rendered(line: Line, shortened: Callable[[str], str]) -> Text:
    style = LEVELS.get(line.level, "")
    text = Text()
    if line.level and not line.message.startswith("["):
        text.append(f"{line.level:<7} ", style=style)
    text.append(shortened(line.message), style=style if style != "dim" else "")
    for name, value in line.fields.items():
        text.append(f"  {name}=", style="dim")
        text.append(shortened(_told(value)))
    return text


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _colour(correlation_id: str | None) -> str:
    if correlation_id is None:
        return "white"
    return PALETTE[zlib.crc32(correlation_id.encode()) % len(PALETTE)]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S.%f")[:-3]


def _now() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")


def shortener(root: str, overlay: str, layers: dict[str, list[str]]) -> Callable[[str], str]:
    """Return a function that replaces paths in a text by short paths in the clone.

    Args:
        root: the clone's folder.
        overlay: the folder in which the runner merges layers.
        layers: the names of each layer's packages, by the layer's path in the clone.
    """
    laid = [
        (re.compile(rf"{re.escape(overlay)}/[^/\s\"]+/python/(?={re.escape(name)}\b)"), path)
        for path, names in layers.items()
        for name in names
    ]

    def shortened(text: str) -> str:
        for pattern, path in laid:
            text = pattern.sub(f"{path}/", text)
        return text.replace(f"{root}/", "")

    return shortened
