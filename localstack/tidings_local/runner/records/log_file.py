"""Write the functions' log lines to a file, for shippers such as Grafana Alloy."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tidings_local.runner.records.call_record import CallRecord

logger = logging.getLogger(__name__)

GATHER_SECONDS: Final = 0.5
MAX_BYTES: Final = 20_000_000
MARKS: Final = ("START ", "END ", "REPORT ")
"""Lambda's own lines; the metrics have what they say."""


@dataclass(slots=True)
class LogFile:
    """Appends lines in batches; a full file becomes the one former file beside it."""

    path: Path
    max_bytes: int = MAX_BYTES
    _waiting: list[str] = field(default_factory=list)
    _something: asyncio.Event = field(default_factory=asyncio.Event)
    _failed: bool = False

    def add(self, record: CallRecord) -> None:
        self._waiting.append(record.text)
        self._something.set()

    async def run(self) -> None:
        """Write added lines until cancelled."""
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self.flush()

    def flush(self) -> None:
        """Write the waiting lines; drop them if the file cannot be written."""
        self._something.clear()
        texts, self._waiting = self._waiting, []
        lines = [line for text in texts for line in text.splitlines() if line.strip()]
        kept = [f"{line}\n" for line in lines if not line.startswith(MARKS)]
        try:
            if self.path.is_file() and self.path.stat().st_size >= self.max_bytes:
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
            with self.path.open("a", encoding="utf-8", errors="replace") as file:
                file.writelines(kept)
        except OSError as error:
            if not self._failed:
                logger.warning("log file not written", extra={"error": str(error)})
            self._failed = True
        else:
            self._failed = False
