"""The functions' lines are in a file, which never grows without end."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.runner.builders import a_record
from tests.waiting import eventually
from tidings_local.runner.records import log_file
from tidings_local.runner.records.log_file import LogFile

TEXT = 'START RequestId: 1\n{"message":"a"}\n\nTraceback:\n  x\nEND RequestId: 1\nREPORT 1\n'


def test_lines_of_the_function_are_written(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "functions.log")
    file.add(a_record(TEXT))
    file.add(a_record('{"message":"b"}'))
    file.flush()
    file.flush()
    assert file.path.read_text() == '{"message":"a"}\nTraceback:\n  x\n{"message":"b"}\n'


def test_full_file_is_replaced_and_kept_once(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "functions.log", max_bytes=5)
    for text in ("first", "second", "third"):
        file.add(a_record(text))
        file.flush()
    assert file.path.read_text() == "third\n"
    assert (tmp_path / "functions.log.1").read_text() == "second\n"


def test_file_that_cannot_be_written_is_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = LogFile(tmp_path / "missing" / "functions.log")
    for _ in range(2):
        file.add(a_record("line"))
        file.flush()
    assert [each.message for each in caplog.records] == ["log file not written"]
    file.path.parent.mkdir()
    file.add(a_record("later"))
    file.flush()
    assert file.path.read_text() == "later\n"


def test_added_lines_are_written_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "GATHER_SECONDS", 0)
    file = LogFile(tmp_path / "functions.log")

    async def scenario() -> None:
        running = asyncio.create_task(file.run())
        file.add(a_record("line"))
        while not file.path.exists():
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert eventually(file.path.read_text) == "line\n"
