"""Write calls' logs to CloudWatch, in batches for each stream, separately from the calls."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tidings_local.runner.records.call_record import CallRecord
from tidings_local.runner.records.cloudwatch import (
    CloudWatch,
    CloudWatchAwayError,
    CloudWatchRefusedError,
)
from tidings_local.runner.records.log_events import batches_of, events_of
from tidings_local.runner.records.unbroken import unbroken

logger = logging.getLogger(__name__)

GATHER_SECONDS: Final = 0.25
AGAIN_SECONDS: Final = 1.0
MAX_KEPT_BYTES: Final = 64 * 2**20
STREAMS_AT_ONCE: Final = 4


class Stream(NamedTuple):
    account: str
    region: str
    group: str
    name: str


@dataclass(slots=True)
class LogWriter:
    """Keeps logs up to a limit while LocalStack is unavailable; then it drops the oldest."""

    cloudwatch: CloudWatch
    max_kept_bytes: int = MAX_KEPT_BYTES
    dropped: int = 0
    """Calls whose logs were dropped."""
    kept_bytes: int = 0
    """The kept characters: nearly all of them take one byte."""
    _kept: dict[Stream, deque[CallRecord]] = field(default_factory=dict)
    _something: asyncio.Event = field(default_factory=asyncio.Event)
    _away: bool = False

    def add(self, record: CallRecord) -> None:
        """Add a call's log, which is written soon."""
        stream = Stream(record.account, record.region, record.log_group, record.log_stream)
        self._kept.setdefault(stream, deque()).append(record)
        self.kept_bytes += len(record.text)
        if self.kept_bytes > self.max_kept_bytes:
            self._drop_oldest()
        self._something.set()

    async def run(self) -> None:
        """Write added logs until cancelled."""
        while True:
            await self._something.wait()
            await asyncio.sleep(AGAIN_SECONDS if self._away else GATHER_SECONDS)
            await unbroken(self.flush())

    async def flush(self) -> None:
        """Write the waiting logs; keep those that LocalStack does not accept now."""
        self._something.clear()
        streams = list(self._kept)
        room = asyncio.Semaphore(STREAMS_AT_ONCE)

        async def write(stream: Stream) -> bool:
            async with room:
                return await self._write(stream)

        written = await asyncio.gather(*map(write, streams))
        self._note(away=not all(written))

    async def _write(self, stream: Stream) -> bool:
        records = self._kept.pop(stream, deque())
        try:
            for batch in batches_of(event for each in records for event in events_of(each)):
                await self.cloudwatch.put_log_events(*stream, batch)
        except CloudWatchAwayError:
            # The beginning may be written already: a repeated line is better than a missing one.
            self._kept[stream] = records + self._kept.get(stream, deque())
            self._something.set()
            return False
        except CloudWatchRefusedError as refusal:
            logger.warning(
                "logs refused by LocalStack, they are dropped",
                extra={"log_group": stream.group, "calls": len(records), "error": str(refusal)},
            )
            self.dropped += len(records)
        except Exception:
            logger.exception("logs not written: error in the runner; the next batch follows")
            self.dropped += len(records)
        self.kept_bytes -= sum(len(each.text) for each in records)
        return True

    def _drop_oldest(self) -> None:
        # Logs that are being sent count, but cannot be dropped.
        while self.kept_bytes > self.max_kept_bytes and self._kept:
            stream = min(self._kept, key=lambda each: self._kept[each][0].ended_ms)
            self.kept_bytes -= len(self._kept[stream].popleft().text)
            if not self._kept[stream]:
                del self._kept[stream]
            self.dropped += 1
            if self.dropped % 1000 == 1:
                logger.warning(
                    "logs dropped: LocalStack is unavailable", extra={"calls": self.dropped}
                )

    def _note(self, *, away: bool) -> None:
        if away and not self._away:
            logger.warning("logs are kept until LocalStack accepts them")
        if self._away and not away:
            logger.info("logs are written again", extra={"dropped_calls": self.dropped})
        self._away = away
