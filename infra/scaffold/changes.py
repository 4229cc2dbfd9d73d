"""The files that a generator writes: all of them, or none."""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

GENERATED: Final = (
    *("events/**/*", "docs/*.md"),
    *("gateway/schema.graphql", "functions/monitoring/openapi.json"),
    "layers/tidings/tidings/platform/messaging/queue_names.py",
    "layers/tidings/tidings/monitoring/overview/template_rules.py",
)


class Refused(Exception):
    """The request is not possible; the text contains what to change, and where."""


@dataclass
class Changes:
    """The new content of files by their path in the project, kept in memory until `write`."""

    root: Path
    contents: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> str:
        """Return the content of a file with the changes so far."""
        if path in self.contents:
            return self.contents[path]
        return (self.root / path).read_text(encoding="utf-8")

    def exists(self, path: str) -> bool:
        return path in self.contents or (self.root / path).exists()

    def create(self, path: str, content: str) -> None:
        """Add a file.

        Raises:
            Refused: the file exists.
        """
        if self.exists(path):
            raise Refused(f"{path} exists already: choose another NAME")
        self.contents[path] = content

    def edit(self, path: str, content: str) -> None:
        """Replace the content of a file."""
        self.contents[path] = content

    def write(self, then: Iterable[Sequence[str]] = ()) -> list[str]:
        """Write all files, run some programs, and return the paths of the written files.

        If a file cannot be written or a program fails, every file gets its old content back.

        Args:
            then: the command lines of Python programs that generate further files.

        Raises:
            Refused: ruff refuses a generated file, or a program fails.
        """
        formatted = {path: self._formatted(path, text) for path, text in self.contents.items()}
        before: dict[Path, bytes | None] = {each: each.read_bytes() for each in self._generated()}
        before |= {self.root / path: _bytes_of(self.root / path) for path in formatted}
        try:
            for path, text in formatted.items():
                (self.root / path).parent.mkdir(parents=True, exist_ok=True)
                (self.root / path).write_text(text, encoding="utf-8")
            for command in then:
                _run([sys.executable, *command], self.root)
        except BaseException:
            for place, content in before.items():
                _restore(place, content)
            raise
        return list(formatted)

    def _generated(self) -> Iterator[Path]:
        """Yield the files that `make contracts` may change."""
        for pattern in GENERATED:
            yield from (path for path in self.root.glob(pattern) if path.is_file())

    def _formatted(self, path: str, text: str) -> str:
        if not path.endswith(".py"):
            return text
        ruff = str(Path(sys.executable).with_name("ruff"))
        name = ["--quiet", "--stdin-filename", path, "-"]
        # ruff does not find modules that are not written yet.
        ours = ["--config", 'lint.isort.known-first-party=["tests", "tidings"]']
        text = _run([ruff, "check", "--select", "I", "--fix", *ours, *name], self.root, text)
        return _run([ruff, "format", *name], self.root, text)


def _bytes_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    elif path.read_bytes() != content:
        path.write_bytes(content)


def _run(command: list[str], root: Path, text: str | None = None) -> str:
    done = subprocess.run(  # noqa: S603 (ours)
        command, cwd=root, input=text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout
